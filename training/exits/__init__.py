"""Exits of every level, fitted to the finished picture, apart from the loop."""
