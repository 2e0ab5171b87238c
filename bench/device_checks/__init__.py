"""Checks of a device: exact pictures, a reload under load, speed, and equal runs."""
