"""Exits: the convolutions that map the features of a level to an image.

Owns the modules that an `ExitShape` describes. The paper's toRGB is one 1x1 convolution. Below the
top level an exported generator has larger exits, trained to reproduce the downsampled output of the
top level.
Knows nothing of levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from models.families.progan.config import ExitShape
from models.layers import LEAKY_SLOPE, EqualizedConv2d


def build_exit(maps: int, channels: int, shape: ExitShape) -> nn.Module:
    """Build an exit: features `[N, maps, h, w]` -> images `[N, channels, h, w]`, about [-1, 1]."""
    sizes = [*pairwise((maps, *shape.hidden, channels))]
    last = EqualizedConv2d(*sizes[-1], kernel=shape.kernels[-1], gain=1.0)  # linear, like toRGB
    if not shape.hidden:
        return last
    parts: list[nn.Module] = []
    for (below, above), kernel in zip(sizes[:-1], shape.kernels[:-1], strict=True):
        parts += [EqualizedConv2d(below, above, kernel), nn.LeakyReLU(LEAKY_SLOPE)]
    return nn.Sequential(*parts, last)


def convolutions_of(exit_: nn.Module) -> Sequence[EqualizedConv2d]:
    """The convolutions of an exit, in forward order."""
    return [part for part in exit_.modules() if isinstance(part, EqualizedConv2d)]
