"""Exits of all levels, fitted to the picture of the top level after training."""
