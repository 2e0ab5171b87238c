"""The page of a run: levels, losses, quality and pictures over time."""
