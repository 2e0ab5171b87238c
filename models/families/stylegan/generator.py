"""The generator of a StyleGAN2: mapping and synthesis network.

Owns the way from latent to image.
Source: Karras et al. 2020 (StyleGAN2).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.exit_shape import ExitShape
from models.families.config import FamilyConfig
from models.families.one_resolution import OneResolutionGenerator
from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.entrance import StyleganEntrance
from models.families.stylegan.mapping import Mapping
from models.families.stylegan.synthesis import StyledConv, Synthesis
from models.growth import Growth
from models.layers.progan import in_fp32


class StyleganGenerator(OneResolutionGenerator):
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
        config = StyleganConfig.narrow(config)
        super().__init__(config, exits)
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
    def styled_layers(self) -> list[StyledConv]:
        """All layers with noise, in order."""
        return [layer for layer in self.synthesis.layers if isinstance(layer, StyledConv)]

    def entry_weights(self) -> Tensor:
        """Weights from a style to the scales of all convolutions, one after another `[maps, S]`."""
        return torch.cat([layer.affine.kernel().detach() for layer in self.styled_layers])

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
        growth = self.require(growth, labels)
        styles = in_fp32(self.mapping.one_by_one, z, labels)
        images = self.draw(styles[:, None].expand(-1, self.style_layers, -1))
        return self.way_to(growth.resolution)(images)
