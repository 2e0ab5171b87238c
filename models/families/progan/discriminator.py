"""The discriminator: the generator's mirror, from image to score.

Owns the path from image to score. `entries[k]` reads an image of level k, `levels[k]` takes the
features of level k + 1 down to level k, `head` scores those of the base, 4x4 or another shape. No
layer is normalised.
Where there are classes, the head knows them in one of two ways: see `Head`.
Source: Karras et al. 2018, appendix A, table 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from models.families.progan.config import SQUARE, NetworkConfig, Size
from models.families.progan.growth import Growth, blend
from models.layers import (
    LEAKY_SLOPE,
    DownConv2d,
    EqualizedConv2d,
    EqualizedLinear,
    downsample,
    in_fp32,
    minibatch_stddev,
)


def leaky_relu(x: Tensor) -> Tensor:
    """Leaky ReLU with the slope of the paper, without PixelNorm."""
    return F.leaky_relu(x, LEAKY_SLOPE)


class DiscriminatorLevel(nn.Module):
    """Features `[N, in_maps, 2h, 2w]` -> `[N, out_maps, h, w]`."""

    def __init__(self, in_maps: int, out_maps: int) -> None:
        super().__init__()
        self.conv = EqualizedConv2d(in_maps, in_maps, kernel=3)
        self.down = DownConv2d(in_maps, out_maps)

    def forward(self, x: Tensor) -> Tensor:
        return leaky_relu(self.down(leaky_relu(self.conv(x))))


class Head(nn.Module):
    """Features `[N, maps, h, w]` -> score `[N]`.

    `deviate` appends the minibatch deviation; processes that share a batch replace it.

    Args:
        maps: of the features.
        stddev_group: as for `Discriminator`.
        classes: how many there are; 0 without.
        auxiliary: how they are told apart. False: by projection (Miyato and Koyama 2018, equation
            3), the score of an image of class y is s(h) + v_y . h. True: by a second head, trained
            to name the class (AC-GAN, Odena et al. 2017), while the score knows none.
        base: height and width of the features, in pixels.
    """

    def __init__(
        self,
        maps: int,
        stddev_group: int,
        classes: int = 0,
        auxiliary: bool = False,
        base: Size = SQUARE,
    ) -> None:
        super().__init__()
        self.stddev_group = stddev_group
        self.deviate: Callable[[Tensor, int], Tensor] = minibatch_stddev
        self.conv = EqualizedConv2d(maps + 1, maps, kernel=3)
        self.dense = EqualizedLinear(maps * math.prod(base), maps)
        self.score = EqualizedLinear(maps, 1, gain=1.0)
        projects, names = classes and not auxiliary, classes and auxiliary
        self.projection = nn.Embedding(classes, maps) if projects else None
        self.class_scores = EqualizedLinear(maps, classes, gain=1.0) if names else None

    def features(self, x: Tensor) -> Tensor:
        """Features `[N, maps, h, w]` -> h `[N, maps]`."""
        x = leaky_relu(self.conv(self.deviate(x, self.stddev_group)))
        return leaky_relu(self.dense(x.flatten(1)))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        h = self.features(x)
        score = self.score(h).squeeze(1)
        if self.projection is None:
            return score
        if labels is None:
            raise ValueError("a discriminator with classes must be told those of the images")
        vectors = self.projection(labels) * self.score.scale  # as equalized as the score itself
        return score + (vectors * h).sum(dim=1)


class Discriminator(nn.Module):
    """Image `[N, C, H, W]` in [-1, 1] -> score `[N]`, higher for more real.

    Args:
        config: the shapes.
        stddev_group: how many images the minibatch deviation is taken over; 0 for the whole batch.
        auxiliary: how classes are told apart, where there are some: see `Head`.
    """

    def __init__(
        self, config: NetworkConfig, stddev_group: int = 4, auxiliary: bool = False
    ) -> None:
        super().__init__()
        maps = [config.feature_maps(level) for level in range(config.top_level + 1)]
        self.config = config
        self.entries = nn.ModuleList(EqualizedConv2d(config.channels, m, kernel=1) for m in maps)
        self.levels = nn.ModuleList(
            DiscriminatorLevel(above, below) for below, above in pairwise(maps)
        )
        self.head = Head(maps[0], stddev_group, config.classes, auxiliary, config.base)

    def forward(
        self, images: Tensor, growth: Growth | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Scores of images at the resolution of `growth`; of the finished network without it.

        `labels` are the classes of the images, int64 `[N]`, where there are classes.
        """
        features = self.read(images, growth or Growth(self.config.top_level))
        return in_fp32(self.head, features, labels)

    def classify(self, images: Tensor, growth: Growth) -> Tensor:
        """Scores of all classes `[N, classes]`, before any softmax.

        Raises:
            TypeError: it has no head that names classes.
        """
        if self.head.class_scores is None:
            raise TypeError("this discriminator does not name classes: make it auxiliary")
        h = in_fp32(self.head.features, self.read(images, growth))
        return in_fp32(self.head.class_scores, h)

    def read(self, images: Tensor, growth: Growth) -> Tensor:
        """Features `[N, maps, h, w]` of images at the resolution of `growth`."""
        x = leaky_relu(self.entries[growth.level](images))
        for k in reversed(range(growth.level)):
            x = self.levels[k](x)
            if growth.fading and k == growth.level - 1:
                old = leaky_relu(self.entries[k](downsample(images)))
                x = blend(old, x, growth.alpha)
        return x
