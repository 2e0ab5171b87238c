"""Rendering: the interface between answers and engines, and its form within this process."""
