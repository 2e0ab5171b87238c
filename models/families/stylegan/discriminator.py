"""The discriminator of a StyleGAN2: residual blocks with low-pass filters.

Owns the forward pass from image to score. There is no normalisation layer.
Source: Karras et al. 2020 (StyleGAN2), section 4.1; classes as in Karras et al. 2020
(StyleGAN2-ADA), appendix C.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.families.config import FamilyConfig
from models.families.one_resolution import OneResolutionDiscriminator
from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.layers import LowPass, activate
from models.families.stylegan.mapping import ClassMapping
from models.family import DiscriminatorOptions
from models.growth import Growth
from models.layers.kernel_layer import cached_kernel
from models.layers.progan import (
    EqualizedConv2d,
    EqualizedLinear,
    in_fp32,
    minibatch_stddev,
)


class FilteredConv2d(EqualizedConv2d):
    """Low-pass filter and 3x3 convolution with stride 2, `[N, in, 2h, 2w]` -> `[N, out, h, w]`."""

    def __init__(self, in_maps: int, out_maps: int) -> None:
        super().__init__(in_maps, out_maps, kernel=3, gain=1.0)
        self.blur = LowPass(in_maps, 2)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(self.blur(x), cached_kernel(self), self.bias, stride=2)


class Shortcut(nn.Module):
    """Low-pass filter, every second pixel, and a 1x1 convolution without bias."""

    def __init__(self, in_maps: int, out_maps: int) -> None:
        super().__init__()
        self.blur = LowPass(in_maps, 1, stride=2)
        self.weight = nn.Parameter(torch.randn(out_maps, in_maps, 1, 1))
        self.scale = 1.0 / math.sqrt(in_maps)

    def forward(self, x: Tensor) -> Tensor:
        """Features `[N, in_maps, 2h, 2w]` -> `[N, out_maps, h, w]`."""
        return F.conv2d(self.blur(x), self.weight * self.scale)


class ResidualBlock(nn.Module):
    """Features `[N, in_maps, 2h, 2w]` -> `[N, out_maps, h, w]`; the sum of both paths, scaled."""

    def __init__(self, in_maps: int, out_maps: int) -> None:
        super().__init__()
        self.conv = EqualizedConv2d(in_maps, in_maps, kernel=3, gain=1.0)
        self.down = FilteredConv2d(in_maps, out_maps)
        self.shortcut = Shortcut(in_maps, out_maps)

    def forward(self, x: Tensor) -> Tensor:
        """Features one level below."""
        through = activate(self.down(activate(self.conv(x))))
        return (through + self.shortcut(x)) * math.sqrt(0.5)


class StyleganDiscriminator(OneResolutionDiscriminator):
    """Image `[N, C, H, W]` in [-1, 1] -> score `[N]`, higher for more real.

    With classes, the score is the product of the features with a vector for each class, which a
    network maps from it (projection).

    Args:
        config: determines the shapes.
        options: use of classes, and group of the minibatch standard deviation.

    Raises:
        TypeError: `config` is of another family.
    """

    def __init__(self, config: FamilyConfig, options: DiscriminatorOptions) -> None:
        super().__init__()
        config = StyleganConfig.narrow(config)
        maps = [config.feature_maps(level) for level in reversed(range(config.top_level + 1))]
        last, projects = maps[-1], options.labels == "projection" and config.classes > 0
        self.config = config
        self.stddev_group = options.stddev_group
        self.entry = EqualizedConv2d(config.channels, maps[0], kernel=1, gain=1.0)
        self.blocks = nn.ModuleList(ResidualBlock(*pair) for pair in pairwise(maps))
        self.conv = EqualizedConv2d(last + 1, last, kernel=3, gain=1.0)
        self.dense = EqualizedLinear(last * math.prod(config.base), last, gain=1.0)
        self.score = EqualizedLinear(last, last if projects else 1, gain=1.0)
        self.classes = ClassMapping(config.classes, last) if projects else None

    def forward(
        self, images: Tensor, growth: Growth | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Scores of images at the top level; `labels` are their classes, int64 `[N]`.

        Raises:
            ValueError: classes are needed and missing, or `growth` is below the top level.
        """
        self.require(growth, labels, with_classes=self.classes is not None)
        x = activate(self.entry(images))
        for block in self.blocks:
            x = block(x)
        return in_fp32(self._scores, x, labels)

    def _scores(self, x: Tensor, labels: Tensor | None) -> Tensor:
        x = activate(self.conv(minibatch_stddev(x, self.stddev_group)))
        h = self.score(activate(self.dense(x.flatten(1))))
        if self.classes is None or labels is None:
            return h.squeeze(1)
        return (h * self.classes(labels)).sum(dim=1) / math.sqrt(h.shape[1])
