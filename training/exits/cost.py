"""Costs of levels and exits: multiply-adds for one image.

Owns the counting, by running the modules themselves, so that it holds for any stem, levels and
exits; and the width that a deep exit may have.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from models.families.progan.config import ExitShape, Size
from models.families.progan.exit import build_exit
from models.families.progan.generator import Generator

SHARE_OF_PATH = 0.52  # what a deep exit may cost, of stem and levels up to it: about half
DEEP_KERNELS = (1, 3, 3, 1)
STEP = 8  # hidden maps come in multiples of it, as vector units do


def multiply_adds(part: nn.Module, x: Tensor) -> int:
    """Of `part` with input `x`: those of convolutions and dense layers, which are nearly all."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        part(x)
    return counter.get_total_flops() // 2


def path_costs(generator: Generator, x: Tensor) -> list[int]:
    """Of stem and levels up to each level.

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
    """The widest deep exit that costs at most `SHARE_OF_PATH` of `path`, or the narrowest there is.

    Args:
        maps: of the features it reads.
        channels: of the image it makes.
        size: of both, height and width.
        path: multiply-adds up to there.
    """
    width = STEP
    while exit_cost(maps, channels, size, _deep(width + STEP)) <= SHARE_OF_PATH * path:
        width += STEP
    return _deep(width)


def exit_cost(maps: int, channels: int, size: Size, shape: ExitShape) -> int:
    """Multiply-adds of an exit for one image; computes nothing."""
    with torch.device("meta"):
        exit_ = build_exit(maps, channels, shape)
        return multiply_adds(exit_, torch.empty(1, maps, *size))


def _deep(width: int) -> ExitShape:
    return ExitShape(DEEP_KERNELS, (width,) * (len(DEEP_KERNELS) - 1))
