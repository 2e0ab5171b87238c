"""The folder of a run: configuration, checkpoints, journal; reading it, resuming, going back."""
