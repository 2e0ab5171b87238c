"""Metrics of generated pictures: cheap ones at each tick, all of them in `evaluate`."""
