"""A generator without its highest levels, for a run that ends at a lower resolution.

Owns the linear exit at the new top: runs train with linear exits, but the lower exits of a bundle
may have several layers. Knows no file.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from models.exit_shape import ExitShape
from models.families.progan.exit import build_exit, convolutions_of
from models.families.progan.generator import Generator
from models.resolution import level_of
from training.rendering import latents_and_labels

SOLVED_PICTURES = 64  # from which the exit is solved
SOLVED_AT_ONCE = 8
SOLVED_PIXELS = 256  # of each picture, about


@torch.no_grad()
def lowered(generator: Generator, resolution: int) -> Generator:
    """Copy a generator without the levels above `resolution`, with a linear exit at its top.

    That exit is the one with the least squared error to the pictures of the exit that was there; of
    the levels below, the exits are kept.

    Raises:
        ValueError: the generator has no such level, or it is below 8 px.
    """
    smaller = generator.up_to(level_of(resolution))
    top = smaller.exits[-1]
    features, pictures = zip(*samples(smaller), strict=True)
    columns = torch.cat(features).double()
    columns = torch.cat([columns, columns.new_ones(len(columns), 1)], dim=1)  # the bias
    targets = torch.cat(pictures).double()
    solution = cast("Tensor", torch.linalg.lstsq(columns, targets, driver="gelsd").solution)
    config = smaller.config
    linear = build_exit(columns.shape[1] - 1, config.channels, ExitShape(), config.tiling)
    (layer,) = convolutions_of(linear)
    layer.weight.copy_(solution[:-1].T.reshape(layer.weight.shape) / layer.scale)
    layer.bias.copy_(solution[-1])
    smaller.exits[-1] = linear.train(top.training)
    smaller.exit_shapes = (*smaller.exit_shapes[:-1], ExitShape())
    return smaller


def samples(generator: Generator) -> list[tuple[Tensor, Tensor]]:
    """Pixels of the top level: their features `[P, C]` and colours `[P, channels]`."""
    found: list[tuple[Tensor, Tensor]] = []
    for first in range(0, SOLVED_PICTURES, SOLVED_AT_ONCE):
        seeds = range(first, first + SOLVED_AT_ONCE)
        x = generator.stem(generator.stem_input(*latents_and_labels(generator, seeds)))
        for level in generator.levels:
            x = level(x)
        image = generator.exits[-1](x)  # not clipped, so that a linear exit is found again
        # An odd stride, so that the pixels are not all of one column.
        stride = max(1, image.shape[-2] * image.shape[-1] // SOLVED_PIXELS) | 1
        pixels = [t.permute(0, 2, 3, 1).flatten(0, 2)[first % stride :: stride] for t in (x, image)]
        found.append((pixels[0], pixels[1]))
    return found
