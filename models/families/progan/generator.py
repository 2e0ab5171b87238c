"""The generator: a stem, levels and exits.

Owns the forward pass from latent to image. `stem` maps a latent to features of the base, 4x4 or
another shape, `levels[k]` maps the features of level k to level k + 1, and `exits[k]` maps the
features of level k to an image. All of them exist from the start; `Growth` selects the active ones.
With classes, `embedding` has a vector for each, and the stem takes `conditioned` latents of twice
the size.
Source: Karras et al. 2018, appendix A, table 2.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.crops import Crops
from models.exit_shape import BOX, ExitShape
from models.families.config import FamilyConfig
from models.families.progan.entrance import ProganEntrance, conditioned
from models.families.progan.exit import build_exit
from models.family import ImageGenerator, Way
from models.growth import Growth, blend
from models.layers.progan import (
    HE_GAIN,
    LEAKY_SLOPE,
    EqualizedConv2d,
    EqualizedLinear,
    UpConv2d,
    in_fp32,
    make_circular,
    new_embedding,
    pixel_norm,
)
from models.layers.resampling import upsample
from models.resolution import SQUARE, Size, resolution_of


def leaky_relu_pixel_norm(x: Tensor) -> Tensor:
    """Leaky ReLU, in place, then PixelNorm (section 4.2)."""
    return pixel_norm(F.leaky_relu(x, LEAKY_SLOPE, inplace=True))


class Stem(nn.Module):
    """Latent `[N, L]` -> features `[N, maps, h, w]`, 4x4 or another base.

    Without `norm`, the dense layer is followed by a leaky ReLU alone.
    """

    def __init__(self, latent_size: int, maps: int, base: Size = SQUARE, norm: bool = True) -> None:
        super().__init__()
        height, width = base
        self.shape = (maps, height, width)
        self.norm = norm
        # A quarter of the He gain, as in the published networks: 16 outputs form one feature map.
        self.dense = EqualizedLinear(latent_size, maps * height * width, gain=HE_GAIN / 4)
        self.conv = EqualizedConv2d(maps, maps, kernel=3)

    def forward(self, z: Tensor) -> Tensor:
        x = self.dense(pixel_norm(z)).reshape(-1, *self.shape)
        x = leaky_relu_pixel_norm(x) if self.norm else F.leaky_relu(x, LEAKY_SLOPE)
        return leaky_relu_pixel_norm(self.conv(x))


class GeneratorLevel(nn.Module):
    """Features `[N, in_maps, h, w]` -> `[N, out_maps, 2h, 2w]`."""

    def __init__(self, in_maps: int, out_maps: int) -> None:
        super().__init__()
        self.up = UpConv2d(in_maps, out_maps)
        self.conv = EqualizedConv2d(out_maps, out_maps, kernel=3)

    def forward(self, x: Tensor) -> Tensor:
        return leaky_relu_pixel_norm(self.conv(leaky_relu_pixel_norm(self.up(x))))


class Generator(ImageGenerator):
    """Latent `[N, L]` -> image `[N, C, H, W]`, about [-1, 1] (linear, so values may lie outside).

    Args:
        config: determines the shapes.
        exits: shape of the exit of each level; by default all 1x1 (the paper's toRGB).

    Raises:
        ValueError: the number of `exits` is not the number of levels, or one is a box filter.
    """

    def __init__(self, config: FamilyConfig, exits: tuple[ExitShape, ...] | None = None) -> None:
        super().__init__()
        maps = [config.feature_maps(level) for level in range(config.top_level + 1)]
        shapes = exits or (ExitShape(),) * len(maps)
        if BOX in shapes:
            raise ValueError("the exits of a Progressive GAN are convolutions, not box filters")
        if len(shapes) != len(maps):
            raise ValueError(f"{len(maps)} exits are needed, one for each level, not {len(shapes)}")
        self.config = config
        self.exit_shapes = shapes
        size = config.latent_size
        self.embedding = new_embedding(config.classes, size) if config.classes else None
        self.stem = Stem(config.entry_size, maps[0], config.base, config.stem_norm)
        self.levels = nn.ModuleList(GeneratorLevel(below, above) for below, above in pairwise(maps))
        self.exits = nn.ModuleList(
            build_exit(m, config.channels, shape) for m, shape in zip(maps, shapes, strict=True)
        )
        if config.tiling:
            make_circular(self)

    @property
    def entrance(self) -> ProganEntrance:
        """The rule to entry vectors, with a copy of the current class embedding."""
        vectors = None if self.embedding is None else self.embedding.weight.detach().float().cpu()
        return ProganEntrance(self.config.latent_size, vectors)

    @property
    def trunk(self) -> nn.ModuleList:
        """Stem and levels."""
        return nn.ModuleList([self.stem, *self.levels])

    @property
    def ways(self) -> tuple[Way, ...]:
        """The exit of each level, which starts after it."""
        return tuple(Way(level + 1, exit_) for level, exit_ in enumerate(self.exits))

    def entry_weights(self) -> Tensor:
        """Weights of the dense layer of the stem, `[maps h w, L]`, without those of the class."""
        return self.stem.dense.kernel().detach()[:, : self.config.latent_size]

    def up_to(self, level: int) -> Self:
        """Copy the generator without the levels above `level`, with the same weights.

        Raises:
            ValueError: there is no such level, or its resolution is less than 8.
        """
        if level > self.config.top_level:
            raise ValueError(f"there is no level {level}: the top one is {self.config.top_level}")
        config = replace(self.config, resolution=resolution_of(level))
        smaller = type(self)(config, self.exit_shapes[: level + 1])
        weights = self.state_dict()
        smaller.load_state_dict({name: weights[name] for name in smaller.state_dict()})
        return smaller.train(self.training)

    def stem_input(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Input of the stem: `z` `[N, L]`, or `[N, 2L]` with the embedded classes.

        `labels` are class numbers, int64 `[N]`.

        Raises:
            ValueError: `labels` are missing, or given to a generator without classes.
        """
        if (self.embedding is None) != (labels is None):
            raise ValueError(
                f"this generator has {self.config.classes} classes: "
                "labels are needed where there are some, and only there"
            )
        if self.embedding is None or labels is None:
            return z
        return conditioned(z, self.embedding(labels))

    def forward(
        self, z: Tensor, growth: Growth | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Images of latents `z` with classes `labels` at `growth`; by default at the top level."""
        growth = growth or Growth(self.config.top_level)
        x = self.stem(self.stem_input(z, labels))
        return self.image_of(x, 0, growth)

    def crops(
        self, z: Tensor, growth: Growth, crops: Crops, labels: Tensor | None = None
    ) -> Tensor:
        """Crops of the images of `forward`, drawn without the rest of them.

        Only the levels from the resolution of the crops on have gradients.

        Returns:
            Crops `[N, C, h, w]`, at `growth`, equal to those of the whole images but for rounding.
        """
        x = self._features(z, crops, labels)
        return crops.trimmed(self.image_of(x, crops.first_level, growth))

    def consistent_crops(
        self, z: Tensor, growth: Growth, crops: Crops, labels: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Crops as those of `crops`, and the same places of smaller pictures.

        Only the levels above the resolution of the crops have gradients.

        Returns:
            Crops `[N, C, h, w]` at `growth`; and their places in the pictures of the resolution of
            the crops, `[N, C, h / s, w / s]`, s times smaller as these are, without a gradient.
        """
        level = crops.first_level + 1
        with torch.no_grad():
            x = self.levels[crops.first_level](self._features(z, crops, labels))
            references = crops.trimmed(in_fp32(self.exits[level], x), level)
        return crops.trimmed(self.image_of(x, level, growth)), references

    @torch.no_grad()
    def _features(self, z: Tensor, crops: Crops, labels: Tensor | None) -> Tensor:
        """Features that crops are drawn from, with their margin, without a gradient."""
        x = self.stem(self.stem_input(z, labels))
        for level in self.levels[: crops.first_level]:
            x = level(x)
        return crops.features(x)

    def image_of(self, x: Tensor, first: int, growth: Growth) -> Tensor:
        """Images at `growth` of features `[N, maps, h, w]` of level `first`."""
        below = x
        for level in self.levels[first : growth.level]:
            below, x = x, level(x)
        image = in_fp32(self.exits[growth.level], x)
        if growth.fading:
            old = in_fp32(self.exits[growth.level - 1], below)
            if not below.requires_grad:  # its level stays as it is, and so does its exit
                old = old.detach()
            image = blend(upsample(old), image, growth.alpha)
        return image
