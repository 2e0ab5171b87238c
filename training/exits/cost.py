"""Costs of levels and exits: multiply-adds for one image.

Owns the counting, which runs the modules and therefore works for any stem, levels and exits; and
the largest width of a deep exit.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from models.exit_shape import ExitShape
from models.families.progan.exit import build_exit
from models.families.progan.generator import Generator
from models.resolution import Size

SHARE_OF_PATH = 0.52  # largest cost of a deep exit, as a share of stem and levels up to it
DEEP_KERNELS = (1, 3, 3, 1)
STEP = 8  # the number of hidden maps is a multiple of it, for vector instructions


def multiply_adds(part: nn.Module, x: Tensor) -> int:
    """Multiply-adds of `part` for input `x`; only convolutions and dense layers are counted."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        part(x)
    return counter.get_total_flops() // 2


def path_costs(generator: Generator, x: Tensor) -> list[int]:
    """Multiply-adds of the stem and the levels up to each level.

    Args:
        x: input of the stem for one image, `[1, L]`.
    """
    costs: list[int] = []
    for part in (generator.stem, *generator.levels):
        below = costs[-1] if costs else 0
        costs.append(below + multiply_adds(part, x))
        with torch.no_grad():
            x = part(x)
    return costs


def deep_shape(maps: int, channels: int, size: Size, path: int) -> ExitShape:
    """Shape of the widest deep exit within `SHARE_OF_PATH` of `path`; at least `STEP` maps wide.

    Args:
        maps: of the input features.
        channels: of the output image.
        size: height and width of both.
        path: multiply-adds of stem and levels up to this level.
    """
    width = STEP
    while exit_cost(maps, channels, size, _deep(width + STEP)) <= SHARE_OF_PATH * path:
        width += STEP
    return _deep(width)


def exit_cost(maps: int, channels: int, size: Size, shape: ExitShape) -> int:
    """Multiply-adds of an exit for one image, counted on the meta device."""
    with torch.device("meta"):
        exit_ = build_exit(maps, channels, shape)
        return multiply_adds(exit_, torch.empty(1, maps, *size))


def _deep(width: int) -> ExitShape:
    return ExitShape(DEEP_KERNELS, (width,) * (len(DEEP_KERNELS) - 1))
