"""Data sets: pictures of consecutive seeds in one archive, with a manifest."""
