"""The generator of a StarGAN: one network into all domains.

Owns the forward pass from source picture and domain to translated picture.
Source: Choi et al. 2018, section 3 and appendix 7.2.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.exit_shape import ExitShape
from models.families.config import FamilyConfig
from models.families.stargan.blocks import (
    PictureAndPlanes,
    ScaledInstanceNorm,
    StarganBlock,
    normalised_convolution,
)
from models.families.stargan.config import HALVING_KERNEL, StarganConfig
from models.families.translator import TranslatingGenerator
from models.families.translator_config import OUTER_KERNEL, TRANSLATOR_HALVINGS
from models.layers.progan import in_fp32


class StarganTranslator(nn.Module):
    """Picture and planes `[N, C + domains, H, W]` -> picture `[N, C, H, W]`, in [-1, 1].

    Height and width are multiples of 4.
    """

    def __init__(self, config: StarganConfig) -> None:
        super().__init__()
        maps = config.generator_maps
        layers = normalised_convolution(config.channels + config.classes, maps, OUTER_KERNEL, 1)
        for _ in range(TRANSLATOR_HALVINGS):
            layers += normalised_convolution(maps, 2 * maps, HALVING_KERNEL, 2)
            maps *= 2
        layers += [StarganBlock(maps) for _ in range(config.generator_blocks)]
        for _ in range(TRANSLATOR_HALVINGS):
            up = nn.ConvTranspose2d(maps, maps // 2, HALVING_KERNEL, 2, 1, bias=False)
            layers += [up, ScaledInstanceNorm(maps // 2), nn.ReLU()]
            maps //= 2
        self.layers = nn.Sequential(*layers)
        edge = OUTER_KERNEL // 2
        self.image = nn.Conv2d(maps, config.channels, OUTER_KERNEL, 1, edge, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Translate pictures; the last layer runs in fp32, also under autocast."""
        return torch.tanh(in_fp32(self.image, self.layers(x)))


class StarganGenerator(TranslatingGenerator):
    """Source picture as a vector `[N, C H W]`, and the domain of the result -> `[N, C, H, W]`.

    Args:
        config: determines the shapes.
        exits: None, or a box filter for each level.

    Raises:
        TypeError: `config` is of another family.
        ValueError: other `exits`, or no domains.
    """

    def __init__(self, config: FamilyConfig, exits: tuple[ExitShape, ...] | None = None) -> None:
        config = StarganConfig.narrow(config)
        super().__init__(config, exits)
        if not config.classes:
            raise ValueError("a StarGAN has two domains or more; this one has none")
        self.planes = PictureAndPlanes(config)
        self.translator = StarganTranslator(config)

    @property
    def trunk(self) -> nn.ModuleList:
        """The whole network."""
        return nn.ModuleList([self.planes, self.translator])

    def translate(self, sources: Tensor, domains: Tensor) -> Tensor:
        """Pictures `[N, C, H, W]`, translated into `domains`, int64 `[N]`."""
        return self.translate_numbers(sources.flatten(1), domains)

    def translate_numbers(self, sources: Tensor, domains: Tensor) -> Tensor:
        """Pictures as vectors `[N, C H W]`, translated into `domains`, int64 `[N]`."""
        chosen = F.one_hot(domains, self.config.classes).to(sources.dtype)
        images: Tensor = self.translator(self.planes(torch.cat([sources, chosen], dim=1)))
        return images
