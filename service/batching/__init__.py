"""Batching: recipes, the queue, predicted durations, the batcher. No torch, no HTTP."""
