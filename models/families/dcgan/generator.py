"""The generator of a DCGAN: transposed convolutions with batch normalisation.

Owns the forward pass from latent to image. It has one resolution; smaller images are
box-downsampled from it, exactly and without training, since it costs a few milliseconds at most.
Source: Radford et al. 2016, section 3 and figure 1.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.exit_shape import BOX, ExitShape
from models.families.config import FamilyConfig
from models.families.dcgan.blocks import FirstBlock, ImageBlock, UpBlock
from models.families.dcgan.entrance import OneHotEntrance
from models.family import ImageGenerator, Way
from models.growth import Growth
from models.layers import in_fp32


class DcganGenerator(ImageGenerator):
    """Latent `[N, L]` -> image `[N, C, H, W]` in [-1, 1].

    Args:
        config: determines the shapes.
        exits: None, or a box filter for each level.

    Raises:
        ValueError: other `exits`.
    """

    def __init__(self, config: FamilyConfig, exits: tuple[ExitShape, ...] | None = None) -> None:
        super().__init__()
        if exits is not None and exits != (BOX,) * len(config.resolutions):
            raise ValueError("a DCGAN has box filters in place of exits, at every resolution")
        self.config = config
        maps = [config.feature_maps(level) for level in range(config.top_level)]
        first = FirstBlock(config.entry_size, maps[0], config.base)
        self.blocks = nn.ModuleList([first, *(UpBlock(*sizes) for sizes in pairwise(maps))])
        self.image = ImageBlock(maps[-1], config.channels)

    @property
    def entrance(self) -> OneHotEntrance:
        """The rule to entry vectors."""
        return OneHotEntrance(self.config.latent_size, self.config.classes)

    @property
    def trunk(self) -> nn.ModuleList:
        """All layers but the last."""
        return nn.ModuleList(self.blocks)

    @property
    def ways(self) -> tuple[Way, ...]:
        """The last layer, and a box filter below the top level."""
        return tuple(Way(len(self.blocks), self._way(r)) for r in self.config.resolutions)

    def _way(self, resolution: int) -> nn.Module:
        pixels = self.config.resolution // resolution
        return self.image if pixels == 1 else nn.Sequential(self.image, nn.AvgPool2d(pixels))

    def up_to(self, level: int) -> Self:
        """Return itself: there is no smaller generator.

        Raises:
            ValueError: `level` is not the top level.
        """
        if level != self.config.top_level:
            raise ValueError(f"a DCGAN has one level of its own, {self.config.top_level}")
        return self

    def forward(
        self, z: Tensor, growth: Growth | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Images of latents `z` with classes `labels` at `growth`; by default at the top level.

        Raises:
            ValueError: `growth` is fading, or labels are missing or not wanted.
        """
        growth = growth or Growth(self.config.top_level)
        if growth.fading or (labels is None) != (self.config.classes == 0):
            raise ValueError(
                f"a DCGAN does not fade, and this one has {self.config.classes} classes: labels "
                "are needed where there are some, and only there"
            )
        x = z
        if labels is not None:
            x = torch.cat([z, F.one_hot(labels, self.config.classes).to(z.dtype)], dim=1)
        for block in self.blocks:
            x = block(x)
        return in_fp32(self._way(growth.resolution), x)
