"""The only package of the service that imports torch: recipes -> images, on one device.

`torch_engine` is the engine that the service calls; it runs `torch_models` on an `engine_thread`.
`device` fixes the settings that reproducible bytes need, `backends` compile a network, `exactness`
finds the batch sizes at which it stays exact, `rendering` computes a batch, `self_test` verifies
that a bundle makes the pictures that its card promises, `loading` turns a bundle into a model.
"""
