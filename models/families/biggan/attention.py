"""Self-attention over the pixels of feature maps.

Owns one layer, which both networks use.
Source: Zhang et al. 2019, "Self-Attention GANs", section 3; with keys and values of half the
resolution, as Brock et al. 2019 have it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.families.biggan.config import KEY_DIVISOR, VALUE_DIVISOR
from models.layers.spectral import SpectralConv2d
from models.resolution import Size


class SelfAttention(nn.Module):
    """Features `[N, maps, h, w]` -> features of the same shape; at first without effect.

    Args:
        maps: of the features, at least `KEY_DIVISOR`.
        size: h and w, both even.
    """

    def __init__(self, maps: int, size: Size) -> None:
        super().__init__()
        self.size, self.pixels = size, size[0] * size[1]
        self.key_maps, self.value_maps = maps // KEY_DIVISOR, maps // VALUE_DIVISOR
        self.query = SpectralConv2d(maps, self.key_maps, 1, bias=False)
        self.key = SpectralConv2d(maps, self.key_maps, 1, bias=False)
        self.value = SpectralConv2d(maps, self.value_maps, 1, bias=False)
        self.result = SpectralConv2d(self.value_maps, maps, 1, bias=False)
        self.strength = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Add to each pixel what it attends to."""
        queries = self.query(x).reshape(-1, self.key_maps, self.pixels)
        keys = F.max_pool2d(self.key(x), 2).reshape(-1, self.key_maps, self.pixels // 4)
        values = F.max_pool2d(self.value(x), 2).reshape(-1, self.value_maps, self.pixels // 4)
        shares = torch.softmax(torch.matmul(queries.transpose(1, 2), keys), dim=-1)
        attended = torch.matmul(values, shares.transpose(1, 2))
        attended = self.result(attended.reshape(-1, self.value_maps, *self.size))
        return x + attended * self.strength.reshape(1, 1, 1, 1)
