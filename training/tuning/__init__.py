"""Search for better settings: short runs of equal processor time, compared by one score."""
