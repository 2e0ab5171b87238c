"""Commands beside serving: `python -m service verify`, `search`, `dataset` and `manifest`."""
