"""Training of a run: loop, records of each tick, progress display, stopping."""
