"""The only room with torch: recipes in, uint8 images out, on one device.

`device` fixes what must stay fixed, `form` prepares a network, `exactness` finds the batch sizes at
which it stays exact, `rendering` computes a batch, `proof` shows that a bundle makes the pictures
it promises, `loading` makes a model of a bundle, `opening` an engine of a folder of them.
"""

from service.engine.torch_engine import TorchEngine, open_engine

__all__ = ["TorchEngine", "open_engine"]
