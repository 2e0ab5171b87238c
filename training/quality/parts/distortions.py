"""Changes of pictures: small ones that leave the parts, large ones that destroy them.

Owns the changes of pictures `[N, C, H, W]` in [-1, 1]; every random number comes from the generator
that is passed in. Knows no part and no network.

A reader that has seen only whole pictures is sure of almost anything. So it also learns from
pictures without recognisable parts, with the answer "any value" (outlier exposure, Hendrycks et al.
2019), and from averages of two pictures, with the answer "one or the other" (mixup, Zhang et al.
2018).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

MOST_SHIFT = 0.75  # pixels, at most
MOST_ZOOM = 0.01  # at most
TINT, GRAIN = 0.03, 0.02  # standard deviations; black to white is 2
LARGEST_BLOCK = 8  # pixels that become one
BLOCKS = 8  # in a row and in a column
SMALLEST_SHARE = 0.35  # of one of two averaged pictures


def vary(pictures: Tensor, random: Generator) -> Tensor:
    """Shift, zoom, soften, tint and roughen every picture a little; its parts stay."""
    n, channels, height, width = pictures.shape
    zoom = 1.0 + MOST_ZOOM * _between(-1.0, 1.0, (n,), random)
    transform = torch.zeros(n, 2, 3)
    transform[:, 0, 0] = transform[:, 1, 1] = zoom
    shift = MOST_SHIFT * _between(-1.0, 1.0, (n, 2), random)
    transform[:, :, 2] = shift * 2.0 / torch.tensor([width, height])
    grid = F.affine_grid(transform, [n, channels, height, width], align_corners=False)
    moved = F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    softness = _between(0.0, 0.5, (n, 1, 1, 1), random)
    softened = torch.lerp(moved, soften(moved), softness)
    tint = TINT * torch.randn(n, channels, 1, 1, generator=random)
    return (softened + tint + GRAIN * torch.randn(pictures.shape, generator=random)).clamp(-1, 1)


def soften(pictures: Tensor) -> Tensor:
    """Blur with the binomial kernel 1, 2, 1 in both directions: a standard deviation of 0.7 px."""
    padded = F.pad(pictures, (1, 1, 1, 1), mode="replicate")
    rows = padded[:, :, :-2] + 2.0 * padded[:, :, 1:-1] + padded[:, :, 2:]
    return (rows[..., :-2] + 2.0 * rows[..., 1:-1] + rows[..., 2:]) / 16.0


def average_pairs(pictures: Tensor, random: Generator) -> tuple[Tensor, Tensor]:
    """Average each picture with the next one; returns the averages and the first's share `[N]`."""
    share = _between(SMALLEST_SHARE, 1.0 - SMALLEST_SHARE, (len(pictures),), random)
    return torch.lerp(pictures.roll(-1, 0), pictures, share[:, None, None, None]), share


def coarsen(pictures: Tensor, factor: int) -> Tensor:
    """Average blocks of `factor` pixels, and interpolate between them bilinearly."""
    size = pictures.shape[2:]
    return F.interpolate(F.avg_pool2d(pictures, factor), size=size, mode="bilinear")


def add_noise(pictures: Tensor, random: Generator) -> Tensor:
    """Add white noise, of a standard deviation from 0.4 to 1, to every picture."""
    strength = _between(0.4, 1.0, (len(pictures), 1, 1, 1), random)
    return (pictures + strength * torch.randn(pictures.shape, generator=random)).clamp(-1, 1)


def clouds_like(pictures: Tensor, random: Generator) -> Tensor:
    """Smooth noise of the same shape, of one size of cells for all: no picture at all."""
    n, channels, height, width = pictures.shape
    cells = 2 << int(torch.randint(3, (), generator=random))
    coarse = 0.7 * torch.randn(n, channels, cells, cells, generator=random)
    return F.interpolate(coarse, size=(height, width), mode="bilinear").clamp(-1, 1)


def halves_of_two(pictures: Tensor, _random: Generator) -> Tensor:
    """The left half of each picture beside the right half of the next one."""
    middle = pictures.shape[3] // 2
    return torch.cat([pictures[..., :middle], pictures.roll(-1, 0)[..., middle:]], dim=3)


def shuffle_blocks(pictures: Tensor, random: Generator) -> Tensor:
    """Cut every picture into 8 x 8 blocks, and put these together in a random order."""
    n, channels, height, width = pictures.shape
    block = (channels, height // BLOCKS, width // BLOCKS)
    cut = pictures.reshape(n, channels, BLOCKS, block[1], BLOCKS, block[2])
    blocks = cut.permute(0, 2, 4, 1, 3, 5).reshape(n, BLOCKS**2, -1)
    order = torch.rand(n, BLOCKS**2, generator=random).argsort(dim=1)
    shuffled = blocks.gather(1, order[:, :, None].expand_as(blocks))
    grid = shuffled.reshape(n, BLOCKS, BLOCKS, *block).permute(0, 3, 1, 4, 2, 5)
    return grid.reshape(pictures.shape)


# Pictures that a reader must not be sure of; the last two are of kinds that it never learned from.
DESTRUCTIONS: dict[str, Callable[[Tensor, Generator], Tensor]] = {
    "averages of two": lambda pictures, random: average_pairs(pictures, random)[0],
    "a quarter of the resolution": lambda pictures, _: coarsen(pictures, 4),
    "noise added": add_noise,
    "halves of two": halves_of_two,
    "blocks shuffled": shuffle_blocks,
}


def _between(low: float, high: float, shape: tuple[int, ...], random: Generator) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=random)
