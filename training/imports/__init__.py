"""Weights of other tools: safe reading of their files, and their mapping to our generator."""
