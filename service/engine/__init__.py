"""The only room with torch: recipes in, uint8 images out, on one device.

`form` prepares a network for its device, `rendering` computes a batch, `proof` shows at start that
a bundle makes the pictures it promises, `loading` opens a folder of bundles.
"""

from service.engine.loading import Opened, open_engine

__all__ = ["Opened", "open_engine"]
