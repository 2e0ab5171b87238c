"""The generator of a StyleGAN2: mapping and synthesis network.

Owns the way from latent to image. It has one resolution; smaller images are box-downsampled from
it, so that a thumbnail shows exactly what the image shows.
Source: Karras et al. 2020 (StyleGAN2).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn

from models.exit_shape import BOX, ExitShape
from models.families.config import FamilyConfig
from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.entrance import StyleganEntrance
from models.families.stylegan.mapping import Mapping
from models.families.stylegan.synthesis import StyledConv, Synthesis
from models.family import ImageGenerator, Way
from models.growth import Growth
from models.layers import in_fp32


class StyleganGenerator(ImageGenerator):
    """Latent `[N, L]` -> image `[N, C, H, W]`, about [-1, 1] (linear, so values may lie outside).

    Each layer adds a fixed map of noise that all pictures share, and that is part of the weights;
    in training, fresh noise is handed to `draw`. `centres` are the mean styles of all classes,
    towards which truncation moves; they are 0 until they are computed.

    Args:
        config: determines the shapes.
        exits: None, or a box filter for each level.

    Raises:
        TypeError: `config` is of another family.
        ValueError: other `exits`.
    """

    centres: Tensor

    def __init__(self, config: FamilyConfig, exits: tuple[ExitShape, ...] | None = None) -> None:
        super().__init__()
        if not isinstance(config, StyleganConfig):
            raise TypeError(f"a StyleGAN2 cannot be built of {type(config).__name__}")
        if exits is not None and exits != (BOX,) * len(config.resolutions):
            raise ValueError("a StyleGAN2 has box filters in place of exits, at every resolution")
        self.config = config
        self.style_layers = config.style_layers
        self.mapping = Mapping(config)
        self.synthesis = Synthesis(config)
        self.register_buffer("centres", torch.zeros(max(1, config.classes), config.style_size))

    @property
    def entrance(self) -> StyleganEntrance:
        """The rule to entry vectors, with a copy of the current mapping network."""
        mapping = copy.deepcopy(self.mapping).float().cpu().eval().requires_grad_(False)
        centres = self.centres.detach().float().cpu().clone()
        return StyleganEntrance(mapping, centres, self.style_layers)

    @property
    def trunk(self) -> nn.ModuleList:
        """The synthesis network."""
        return nn.ModuleList([self.synthesis])

    @property
    def ways(self) -> tuple[Way, ...]:
        """The finished image, and a box filter below the top level."""
        return tuple(Way(1, self._way(resolution)) for resolution in self.config.resolutions)

    @property
    def styled_layers(self) -> list[StyledConv]:
        """All layers with noise, in order."""
        return [layer for layer in self.synthesis.layers if isinstance(layer, StyledConv)]

    def _way(self, resolution: int) -> nn.Module:
        pixels = self.config.resolution // resolution
        return nn.Identity() if pixels == 1 else nn.AvgPool2d(pixels)

    def up_to(self, level: int) -> Self:
        """Return itself: there is no smaller generator.

        Raises:
            ValueError: `level` is not the top level.
        """
        if level != self.config.top_level:
            raise ValueError(f"a StyleGAN2 has one level of its own, {self.config.top_level}")
        return self

    def styles(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Styles `[N, S]` of latents `z` with classes `labels`, in fp32."""
        return in_fp32(self.mapping, z, labels)

    def draw(self, styles: Tensor, noise: Sequence[Tensor] | None = None) -> Tensor:
        """Images of the styles of all layers `[N, layers, S]`.

        `noise` is a map `[N, 1, h, w]` for each of `styled_layers`; without it, the fixed ones.
        """
        return self.synthesis(styles.flatten(1), noise)

    def forward(
        self, z: Tensor, growth: Growth | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Images of latents `z` with classes `labels` at `growth`; by default at the top level.

        The noise is the fixed one. Each style is computed alone, as at the entrance.

        Raises:
            ValueError: `growth` is fading, or labels are missing or not wanted.
        """
        growth = growth or Growth(self.config.top_level)
        if growth.fading:
            raise ValueError("a StyleGAN2 does not fade: its growth is a level with alpha 1")
        styles = in_fp32(self.mapping.one_by_one, z, labels)
        images = self.draw(styles[:, None].expand(-1, self.style_layers, -1))
        return self._way(growth.resolution)(images)
