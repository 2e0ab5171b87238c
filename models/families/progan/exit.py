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

from models.exit_shape import ExitShape
from models.layers.progan import LEAKY_SLOPE, EqualizedConv2d, make_circular


def build_exit(maps: int, channels: int, shape: ExitShape, tiling: bool = False) -> nn.Module:
    """Build an exit: features `[N, maps, h, w]` -> images `[N, channels, h, w]`, about [-1, 1].

    With `tiling`, its convolutions have circular padding.
    """
    sizes = [*pairwise((maps, *shape.hidden, channels))]
    last = EqualizedConv2d(*sizes[-1], kernel=shape.kernels[-1], gain=1.0)  # linear, like toRGB
    parts: list[nn.Module] = []
    for (below, above), kernel in zip(sizes[:-1], shape.kernels[:-1], strict=True):
        parts += [EqualizedConv2d(below, above, kernel), nn.LeakyReLU(LEAKY_SLOPE)]
    exit_ = nn.Sequential(*parts, last) if parts else last
    if tiling:
        make_circular(exit_)
    return exit_


def convolutions_of(exit_: nn.Module) -> Sequence[EqualizedConv2d]:
    """The convolutions of an exit, in forward order."""
    return [part for part in exit_.modules() if isinstance(part, EqualizedConv2d)]
