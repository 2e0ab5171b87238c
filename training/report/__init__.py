"""What a run looks like while it learns, as one page."""
