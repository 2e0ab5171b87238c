"""The life of a run: loop, what happens at each tick, progress display, stopping."""
