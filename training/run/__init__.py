"""One run on disk and in time: loop, checkpoints, journal, monitoring, resuming."""
