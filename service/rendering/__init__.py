"""Rendering: the interface between answers and engines."""
