"""Who is in a batch: recipes, the queue, predictions, the batcher. No torch, no HTTP."""
