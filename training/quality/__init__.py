"""Metrics of generated pictures: small ones at each tick, all of them in `evaluate`."""
