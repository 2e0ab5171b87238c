"""The folder of a run: configuration, checkpoints, journal; reading it, resuming, rewinding."""
