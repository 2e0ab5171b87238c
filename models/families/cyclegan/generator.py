"""The generators of a CycleGAN, one into each domain.

Owns the forward pass from source picture to translated picture. There is one resolution; smaller
pictures are box-downsampled from it, since statistics of a smaller source would be others.
Source: Zhu et al. 2017, appendix 7.2; the layers are those of Johnson et al. 2016.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from models.exit_shape import ExitShape
from models.families.config import FamilyConfig
from models.families.cyclegan.blocks import (
    InstanceNorm,
    PictureOfEntry,
    TranslatorBlock,
    reflected_convolution,
)
from models.families.cyclegan.config import HALVINGS, OUTER_KERNEL, CycleganConfig
from models.families.cyclegan.entrance import SourceEntrance
from models.families.one_resolution import OneResolutionGenerator
from models.family import Way
from models.growth import Growth
from models.layers import in_fp32


class Translator(nn.Module):
    """The generator into one domain: picture `[N, C, H, W]` -> `[N, C, H, W]`, in [-1, 1].

    Height and width are multiples of 4.
    """

    def __init__(self, config: CycleganConfig) -> None:
        super().__init__()
        maps = config.generator_maps
        layers = [*reflected_convolution(config.channels, maps, OUTER_KERNEL)]
        layers += [InstanceNorm(), nn.ReLU()]
        for _ in range(HALVINGS):
            layers += [nn.Conv2d(maps, 2 * maps, 3, 2, 1), InstanceNorm(), nn.ReLU()]
            maps *= 2
        layers += [TranslatorBlock(maps) for _ in range(config.generator_blocks)]
        for _ in range(HALVINGS):
            up = nn.ConvTranspose2d(maps, maps // 2, 3, 2, 1, output_padding=1)
            layers += [up, InstanceNorm(), nn.ReLU()]
            maps //= 2
        self.layers = nn.Sequential(*layers)
        self.image = nn.Sequential(*reflected_convolution(maps, config.channels, OUTER_KERNEL))

    def forward(self, source: Tensor) -> Tensor:
        """Translate pictures; the last layer runs in fp32, also under autocast."""
        return torch.tanh(in_fp32(self.image, self.layers(source)))


class CycleganGenerator(OneResolutionGenerator):
    """Source picture as a vector `[N, C H W]`, and the domain of the result -> `[N, C, H, W]`.

    Args:
        config: determines the shapes.
        exits: None, or a box filter for each level.

    Raises:
        ValueError: other `exits`.
    """

    def __init__(self, config: CycleganConfig, exits: tuple[ExitShape, ...] | None = None) -> None:
        super().__init__(config, exits)
        self.source = PictureOfEntry(config.channels, *config.size_at(config.resolution))
        self.into = nn.ModuleList(Translator(config) for _ in range(config.classes))

    @property
    def entrance(self) -> SourceEntrance:
        """The rule to entry vectors."""
        return SourceEntrance(self.config.latent_size, self.config.classes)

    @property
    def trunk(self) -> nn.ModuleList:
        """Only the step from the entry vector to the source picture."""
        return nn.ModuleList([self.source])

    @property
    def ways(self) -> tuple[Way, ...]:
        """For each resolution, one way into each domain."""
        top = self.config.resolution
        return tuple(
            Way(1, network, domain, top // resolution)
            for resolution in self.config.resolutions
            for domain, network in enumerate(self.into)
        )

    def translate(self, source: Tensor, domain: int) -> Tensor:
        """Pictures `[N, C, H, W]` of the other domain, translated into this one."""
        return cast("Tensor", self.into[domain](source))

    def forward(
        self, z: Tensor, growth: Growth | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Translations of sources `z`, `[N, C H W]`, into the domains `labels`, int64 `[N]`.

        Raises:
            ValueError: `growth` is fading, or the domains are missing.
        """
        if labels is None:
            raise ValueError("a CycleGAN needs the domain of each result")
        growth = self.require(growth, labels)
        sources = self.source(z)
        images = torch.empty_like(sources, dtype=torch.float32)
        for domain in range(self.config.classes):
            chosen = labels == domain
            if chosen.any():
                images[chosen] = self.translate(sources[chosen], domain).float()
        return self.way_to(growth.resolution)(images)


def cyclegan_generator(
    config: FamilyConfig, exits: tuple[ExitShape, ...] | None
) -> CycleganGenerator:
    """Build the generators of a configuration of this family.

    Raises:
        TypeError: `config` is of another family.
    """
    return CycleganGenerator(CycleganConfig.narrow(config), exits)
