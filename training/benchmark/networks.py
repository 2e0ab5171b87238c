"""The networks of the mode-recovery experiment.

Owns the published pair: a small generator, and a discriminator whose number of maps is divided by K
(K is 1 in the normal pair). Both have equalized learning rate and PixelNorm instead of batch
normalisation, as in the rows "our norm" and "minibatch stddev" of the paper's table 4.
Source: Karras et al. 2018, appendix on Stacked MNIST.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.layers import (
    HE_GAIN,
    EqualizedConv2d,
    EqualizedLinear,
    UpConv2d,
    minibatch_stddev,
    pixel_norm,
)
from models.resampling import downsample

LATENT_SIZE = 64
GENERATOR_MAPS = (64, 32, 16, 8)  # at 4, 8, 16, 32 px
DISCRIMINATOR_MAPS = (8, 16, 32)  # at 32, 16, 8 px, to be divided by K
GENERATOR_SLOPE = 0.3
DISCRIMINATOR_SLOPE = 0.2
DIVISORS = {"k4": 4, "k2": 2, "normal": 1}  # the K by which the discriminator's maps are divided


class SmallGenerator(nn.Module):
    """Latent `[N, 64]` -> image `[N, 3, 32, 32]` in [-1, 1]."""

    def __init__(self) -> None:
        super().__init__()
        first = GENERATOR_MAPS[0]
        self.dense = EqualizedLinear(LATENT_SIZE, first * 16, gain=HE_GAIN / 4)
        self.levels = nn.ModuleList(UpConv2d(a, b) for a, b in pairwise(GENERATOR_MAPS))
        self.exit = EqualizedConv2d(GENERATOR_MAPS[-1], 3, kernel=3, gain=1.0)

    def forward(self, z: Tensor) -> Tensor:
        """Images of `z`."""
        x = self.dense(pixel_norm(z)).reshape(-1, GENERATOR_MAPS[0], 4, 4)
        x = pixel_norm(F.leaky_relu(x, GENERATOR_SLOPE))
        for level in self.levels:
            x = pixel_norm(F.leaky_relu(level(x), GENERATOR_SLOPE))
        return torch.tanh(self.exit(x))


class SmallDiscriminator(nn.Module):
    """Image `[N, 3, 32, 32]` -> score `[N]`.

    Args:
        divisor: the number of maps is divided by it: 2 for the paper's K/2, 4 for its K/4.
    """

    def __init__(self, divisor: int) -> None:
        super().__init__()
        maps = [3, *(count // divisor for count in DISCRIMINATOR_MAPS)]
        self.levels = nn.ModuleList(EqualizedConv2d(a, b, kernel=3) for a, b in pairwise(maps))
        self.score = EqualizedLinear((maps[-1] + 1) * 16, 1, gain=1.0)

    def forward(self, images: Tensor) -> Tensor:
        """Scores of `images`."""
        x = images
        for level in self.levels:
            x = downsample(F.leaky_relu(level(x), DISCRIMINATOR_SLOPE))
        return self.score(minibatch_stddev(x, group_size=0).flatten(1)).squeeze(1)


def small_networks(name: str) -> tuple[SmallGenerator, SmallDiscriminator]:
    """Build generator and discriminator of a name in `DIVISORS`."""
    return SmallGenerator(), SmallDiscriminator(DIVISORS[name])
