"""The configuration of a CycleGAN, as plain data.

Owns `CycleganConfig`: feature maps and blocks of both kinds of networks, and what a picture costs.
Its input is a picture of one domain, its output a picture of the other. Knows no tensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.families.translator_config import INNER_KERNEL, TranslatorConfig
from models.resolution import BASE_RESOLUTION

DOMAINS = 2
OTHER_DOMAIN = {0: 1, 1: 0}  # domain of the result -> domain of its source
SMALLEST_PATCH_MAP = 3  # pixels of the features before the last two layers of a discriminator


@dataclass(frozen=True)
class CycleganConfig(TranslatorConfig):
    """Hyperparameters that determine the shapes of both generators and both discriminators.

    The classes of the network are its domains: class k is the domain of the result, and the source
    belongs to the other one. The defaults are those of Zhu et al. 2017, appendix 7.2.
    """

    NAME: ClassVar[str] = "CycleGAN"

    resolution: int  # of the pictures, a power of two, 16 to 1024
    channels: int = 3  # of the pictures: 1 gray, 3 RGB, 4 RGBA
    generator_maps: int = 64  # after the first layer of a generator
    generator_blocks: int = 9  # residual ones; 6 for 128 px in the paper
    discriminator_maps: int = 64  # after the first layer of a discriminator
    discriminator_layers: int = 3  # that halve the picture: 3 see patches of 70 px, 2 of 34 px
    classes: int = DOMAINS
    base_height: int = BASE_RESOLUTION  # pixels at level 0
    base_width: int = BASE_RESOLUTION
    family: str = "cyclegan"

    def __post_init__(self) -> None:
        super().__post_init__()
        shorter = min(self.size_at(self.resolution)) >> self.discriminator_layers
        if shorter < SMALLEST_PATCH_MAP:
            raise ValueError(
                f"discriminator_layers={self.discriminator_layers} leave {shorter} of "
                f"{min(self.size_at(self.resolution))} pixels, and {SMALLEST_PATCH_MAP} are "
                "needed: choose fewer"
            )

    def _require_domains(self) -> None:
        if self.classes != DOMAINS:
            raise ValueError(
                f"a CycleGAN translates between {DOMAINS} domains, not {self.classes}: prepare "
                f"{DOMAINS} sources"
            )

    def path_costs(self) -> list[float]:
        """Multiply-adds of one generator for one picture, at each level."""
        return self.costs(2 * self.channels, INNER_KERNEL)
