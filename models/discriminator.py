"""The discriminator: the generator's mirror, from image to score.

Owns the path from image to score. `entries[k]` reads an image of level k, `levels[k]` takes the
features of level k + 1 down to level k, `head` scores 4x4 features. No layer is normalised.
Source: Karras et al. 2018, appendix A, table 2.
"""

from __future__ import annotations

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from models.config import BASE_RESOLUTION, NetworkConfig
from models.growth import Growth, blend
from models.layers import (
    LEAKY_SLOPE,
    DownConv2d,
    EqualizedConv2d,
    EqualizedLinear,
    downsample,
    minibatch_stddev,
)


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU alone."""
    return F.leaky_relu(x, LEAKY_SLOPE)


class DiscriminatorLevel(nn.Module):
    """Features `[N, in_maps, 2R, 2R]` -> `[N, out_maps, R, R]`."""

    def __init__(self, in_maps: int, out_maps: int) -> None:
        super().__init__()
        self.conv = EqualizedConv2d(in_maps, in_maps, kernel=3)
        self.down = DownConv2d(in_maps, out_maps)

    def forward(self, x: Tensor) -> Tensor:
        return activate(self.down(activate(self.conv(x))))


class Head(nn.Module):
    """Features `[N, maps, 4, 4]` -> score `[N]`."""

    def __init__(self, maps: int, stddev_group: int) -> None:
        super().__init__()
        self.stddev_group = stddev_group
        self.conv = EqualizedConv2d(maps + 1, maps, kernel=3)
        self.dense = EqualizedLinear(maps * BASE_RESOLUTION**2, maps)
        self.score = EqualizedLinear(maps, 1, gain=1.0)

    def forward(self, x: Tensor) -> Tensor:
        x = activate(self.conv(minibatch_stddev(x, self.stddev_group)))
        return self.score(activate(self.dense(x.flatten(1)))).squeeze(1)


class Discriminator(nn.Module):
    """Image `[N, C, R, R]` in [-1, 1] -> score `[N]`, higher for more real.

    Args:
        config: the shapes.
        stddev_group: how many images the minibatch deviation is taken over; 0 for the whole batch.
    """

    def __init__(self, config: NetworkConfig, stddev_group: int = 4) -> None:
        super().__init__()
        maps = [config.feature_maps(level) for level in range(config.top_level + 1)]
        self.config = config
        self.entries = nn.ModuleList(EqualizedConv2d(config.channels, m, kernel=1) for m in maps)
        self.levels = nn.ModuleList(
            DiscriminatorLevel(above, below) for below, above in pairwise(maps)
        )
        self.head = Head(maps[0], stddev_group)

    def forward(self, images: Tensor, growth: Growth | None = None) -> Tensor:
        """Scores of images at the resolution of `growth`; of the finished network without it."""
        growth = growth or Growth(self.config.top_level)
        x = activate(self.entries[growth.level](images))
        for k in reversed(range(growth.level)):
            x = self.levels[k](x)
            if growth.fading and k == growth.level - 1:
                old = activate(self.entries[k](downsample(images)))
                x = blend(old, x, growth.alpha)
        return self.head(x)
