"""The generator of a BigGAN.

Owns the way from latent and class to image. It has one resolution; smaller images are
box-downsampled from it, so that a thumbnail shows exactly what the image shows.
Source: Brock et al. 2019, appendix B.
"""

from __future__ import annotations

from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.exit_shape import BOX, ExitShape
from models.families.biggan.config import BigganConfig
from models.families.biggan.synthesis import BigganSynthesis
from models.families.config import FamilyConfig
from models.families.dcgan.entrance import OneHotEntrance
from models.family import ImageGenerator, Way
from models.growth import Growth


class BigganGenerator(ImageGenerator):
    """Latent `[N, L]` -> image `[N, C, H, W]` in [-1, 1].

    Args:
        config: determines the shapes.
        exits: None, or a box filter for each level.

    Raises:
        TypeError: `config` is of another family.
        ValueError: other `exits`.
    """

    def __init__(self, config: FamilyConfig, exits: tuple[ExitShape, ...] | None = None) -> None:
        super().__init__()
        if not isinstance(config, BigganConfig):
            raise TypeError(f"a BigGAN cannot be built of {type(config).__name__}")
        if exits is not None and exits != (BOX,) * len(config.resolutions):
            raise ValueError("a BigGAN has box filters in place of exits, at every resolution")
        self.config = config
        self.synthesis = BigganSynthesis(config)

    @property
    def entrance(self) -> OneHotEntrance:
        """The rule to entry vectors."""
        return OneHotEntrance(self.config.latent_size, self.config.classes)

    @property
    def trunk(self) -> nn.ModuleList:
        """All layers."""
        return nn.ModuleList([self.synthesis])

    @property
    def ways(self) -> tuple[Way, ...]:
        """The finished image, and a box filter below the top level."""
        return tuple(Way(1, self._way(resolution)) for resolution in self.config.resolutions)

    def _way(self, resolution: int) -> nn.Module:
        pixels = self.config.resolution // resolution
        return nn.Identity() if pixels == 1 else nn.AvgPool2d(pixels)

    def up_to(self, level: int) -> Self:
        """Return itself: there is no smaller generator.

        Raises:
            ValueError: `level` is not the top level.
        """
        if level != self.config.top_level:
            raise ValueError(f"a BigGAN has one level of its own, {self.config.top_level}")
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
                f"a BigGAN does not fade, and this one has {self.config.classes} classes: labels "
                "are needed where there are some, and only there"
            )
        entry = z
        if labels is not None:
            entry = torch.cat([z, F.one_hot(labels, self.config.classes).to(z.dtype)], dim=1)
        return self._way(growth.resolution)(self.synthesis(entry))
