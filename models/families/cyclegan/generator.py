"""The generators of a CycleGAN, one into each domain.

Owns the forward pass from source picture to translated picture.
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
from models.families.cyclegan.config import CycleganConfig
from models.families.translator import TranslatingGenerator
from models.families.translator_config import OUTER_KERNEL, TRANSLATOR_HALVINGS
from models.family import Way
from models.layers.progan import in_fp32


class Translator(nn.Module):
    """The generator into one domain: picture `[N, C, H, W]` -> `[N, C, H, W]`, in [-1, 1].

    Height and width are multiples of 4.
    """

    def __init__(self, config: CycleganConfig) -> None:
        super().__init__()
        maps = config.generator_maps
        layers = [*reflected_convolution(config.channels, maps, OUTER_KERNEL)]
        layers += [InstanceNorm(), nn.ReLU()]
        for _ in range(TRANSLATOR_HALVINGS):
            layers += [nn.Conv2d(maps, 2 * maps, 3, 2, 1), InstanceNorm(), nn.ReLU()]
            maps *= 2
        layers += [TranslatorBlock(maps) for _ in range(config.generator_blocks)]
        for _ in range(TRANSLATOR_HALVINGS):
            up = nn.ConvTranspose2d(maps, maps // 2, 3, 2, 1, output_padding=1)
            layers += [up, InstanceNorm(), nn.ReLU()]
            maps //= 2
        self.layers = nn.Sequential(*layers)
        self.image = nn.Sequential(*reflected_convolution(maps, config.channels, OUTER_KERNEL))

    def forward(self, source: Tensor) -> Tensor:
        """Translate pictures; the last layer runs in fp32, also under autocast."""
        return torch.tanh(in_fp32(self.image, self.layers(source)))


class CycleganGenerator(TranslatingGenerator):
    """Source picture as a vector `[N, C H W]`, and the domain of the result -> `[N, C, H, W]`.

    Args:
        config: determines the shapes.
        exits: None, or a box filter for each level.

    Raises:
        TypeError: `config` is of another family.
        ValueError: other `exits`.
    """

    def __init__(self, config: FamilyConfig, exits: tuple[ExitShape, ...] | None = None) -> None:
        config = CycleganConfig.narrow(config)
        super().__init__(config, exits)
        self.source = PictureOfEntry(config.channels, *config.size_at(config.resolution))
        self.into = nn.ModuleList(Translator(config) for _ in range(config.classes))

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

    def translate_numbers(self, sources: Tensor, domains: Tensor) -> Tensor:
        """Pictures as vectors `[N, C H W]`, translated into `domains`, int64 `[N]`."""
        pictures = self.source(sources)
        images = torch.empty_like(pictures, dtype=torch.float32)
        for domain in range(self.config.classes):
            chosen = domains == domain
            if chosen.any():
                images[chosen] = self.translate(pictures[chosen], domain).float()
        return images
