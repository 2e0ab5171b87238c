"""TrainingConfig, its presets, and overrides from the command line."""
