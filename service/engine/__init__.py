"""The only room with torch: recipes in, uint8 images out, on one device.

`torch_engine` is the engine that the service talks to: `engine_thread` with `torch_models` on it.
`device` fixes what must stay fixed, `backends` prepare a network, `exactness` finds the batch sizes
at which it stays exact, `rendering` computes a batch, `self_test` shows that a bundle makes the
pictures it promises, `loading` makes a model of a bundle.
"""
