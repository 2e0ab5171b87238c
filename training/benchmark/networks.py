"""The networks of the mode-recovery experiment.

Owns the published pair: a small generator, and a discriminator whose number of maps is divided by K
(`config.py`). Both have equalized learning rate and PixelNorm instead of batch normalisation, as in
the rows "our norm" and "minibatch stddev" of the paper's table 4.
Source: Karras et al. 2018, appendix on Stacked MNIST.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.families.one_resolution import OneResolutionDiscriminator
from models.growth import Growth
from models.layers.progan import (
    HE_GAIN,
    EqualizedConv2d,
    EqualizedLinear,
    UpConv2d,
    minibatch_stddev,
    pixel_norm,
)
from models.layers.resampling import downsample
from models.resolution import BASE_RESOLUTION
from training.benchmark.config import StackedMnistConfig

GENERATOR_SLOPE = 0.3
DISCRIMINATOR_SLOPE = 0.2


class SmallGenerator(nn.Module):
    """Latent `[N, 64]` -> image `[N, 3, 32, 32]` in [-1, 1]."""

    def __init__(self, config: StackedMnistConfig) -> None:
        super().__init__()
        maps = [config.feature_maps(level) for level in range(config.top_level + 1)]
        self.base = (maps[0], BASE_RESOLUTION, BASE_RESOLUTION)
        entry = maps[0] * BASE_RESOLUTION**2
        self.dense = EqualizedLinear(config.latent_size, entry, gain=HE_GAIN / 4)
        self.levels = nn.ModuleList(UpConv2d(a, b) for a, b in pairwise(maps))
        self.exit = EqualizedConv2d(maps[-1], config.channels, kernel=3, gain=1.0)

    def forward(
        self,
        z: Tensor,
        growth: Growth | None = None,  # noqa: ARG002 - there is one resolution
        labels: Tensor | None = None,  # noqa: ARG002 - there are no classes
    ) -> Tensor:
        """Images of `z`, as every step asks for them."""
        x = self.dense(pixel_norm(z)).reshape(-1, *self.base)
        x = pixel_norm(F.leaky_relu(x, GENERATOR_SLOPE))
        for level in self.levels:
            x = pixel_norm(F.leaky_relu(level(x), GENERATOR_SLOPE))
        return torch.tanh(self.exit(x))


class SmallDiscriminator(OneResolutionDiscriminator):
    """Image `[N, 3, 32, 32]` -> score `[N]`."""

    def __init__(self, config: StackedMnistConfig) -> None:
        super().__init__()
        self.config = config
        counts = [
            config.discriminator_feature_maps(level) for level in range(1, config.top_level + 1)
        ]
        maps = [config.channels, *reversed(counts)]
        self.levels = nn.ModuleList(EqualizedConv2d(a, b, kernel=3) for a, b in pairwise(maps))
        self.score = EqualizedLinear((maps[-1] + 1) * BASE_RESOLUTION**2, 1, gain=1.0)

    def forward(
        self, images: Tensor, growth: Growth | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Scores of `images`; without classes.

        Raises:
            ValueError: `growth` is below the top level.
        """
        self.require(growth, labels)
        x = images
        for level in self.levels:
            x = downsample(F.leaky_relu(level(x), DISCRIMINATOR_SLOPE))
        return self.score(minibatch_stddev(x, group_size=0).flatten(1)).squeeze(1)


def small_networks(config: StackedMnistConfig) -> tuple[SmallGenerator, SmallDiscriminator]:
    """Build generator and discriminator."""
    return SmallGenerator(config), SmallDiscriminator(config)
