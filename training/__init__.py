"""How the networks learn: pictures in, a bundle out. Knows nothing of the service."""
