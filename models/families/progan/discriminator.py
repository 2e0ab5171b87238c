"""The discriminator, built as the mirror of the generator.

Owns the forward pass from image to score. `entries[k]` (fromRGB in the paper) maps an image of
level k to features, `levels[k]` maps the features of level k + 1 to level k, and `head` scores
those of the base, 4x4 or another shape. There is no normalisation layer.
With classes, the head is conditioned in one of two ways: see `Head`.
Source: Karras et al. 2018, appendix A, table 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from models.families.config import FamilyConfig
from models.family import ImageDiscriminator
from models.growth import Growth, blend
from models.layers.progan import (
    LEAKY_SLOPE,
    DownConv2d,
    EqualizedConv2d,
    EqualizedLinear,
    in_fp32,
    minibatch_stddev,
)
from models.layers.resampling import downsample
from models.resolution import SQUARE, Size


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

    `deviate` appends the minibatch standard deviation; distributed training replaces it, since the
    processes share a batch.

    Args:
        maps: number of feature maps.
        stddev_group: as for `Discriminator`.
        classes: number of classes; 0 without.
        auxiliary: kind of conditioning. False: projection (Miyato and Koyama 2018, equation 3), the
            score of an image of class y is s(h) + v_y . h. True: an auxiliary classifier (AC-GAN,
            Odena et al. 2017), while the score does not depend on the class.
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
        vectors = (
            self.projection(labels) * self.score.scale
        )  # the same equalized scale as the score
        return score + (vectors * h).sum(dim=1)


class Discriminator(ImageDiscriminator):
    """Image `[N, C, H, W]` in [-1, 1] -> score `[N]`, higher for more real.

    Args:
        config: determines the shapes.
        stddev_group: group size of the minibatch standard deviation; 0 for the whole batch.
        auxiliary: kind of conditioning on the class: see `Head`.
    """

    def __init__(
        self, config: FamilyConfig, stddev_group: int = 4, auxiliary: bool = False
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
        """Scores of images at the resolution of `growth`, by default that of the top level.

        `labels` are the class numbers of the images, int64 `[N]`; needed with projection.
        """
        features = self.read(images, growth or Growth(self.config.top_level))
        return in_fp32(self.head, features, labels)

    def classify(self, images: Tensor, growth: Growth) -> Tensor:
        """Logits of all classes `[N, classes]`.

        Raises:
            TypeError: there is no auxiliary classifier.
        """
        if self.head.class_scores is None:
            raise TypeError("this discriminator does not name classes: make it auxiliary")
        h = in_fp32(self.head.features, self.read(images, growth))
        return in_fp32(self.head.class_scores, h)

    def share_statistics(self, deviate: Callable[[Tensor, int], Tensor]) -> None:
        """Compute the minibatch standard deviation by `deviate`, over all processes."""
        self.head.deviate = deviate

    def read(self, images: Tensor, growth: Growth) -> Tensor:
        """Features `[N, maps, h, w]` of images at the resolution of `growth`."""
        x = leaky_relu(self.entries[growth.level](images))
        for k in reversed(range(growth.level)):
            x = self.levels[k](x)
            if growth.fading and k == growth.level - 1:
                old = leaky_relu(self.entries[k](downsample(images)))
                x = blend(old, x, growth.alpha)
        return x
