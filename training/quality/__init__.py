"""How good the pictures of a run are: measured offline, apart from the loop."""
