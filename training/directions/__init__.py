"""Directions of latents and styles."""
