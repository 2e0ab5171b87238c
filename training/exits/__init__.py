"""Exits of all levels, fitted to the finished picture after training."""
