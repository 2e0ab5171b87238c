"""The configuration of a StarGAN, as plain data.

Owns `StarganConfig`: feature maps and blocks of both networks, and what a picture costs. One
generator translates pictures into any of its domains. Knows no tensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.families.translator_config import TranslatorConfig
from models.resolution import BASE_RESOLUTION, Size

FEWEST_DOMAINS = 2
HALVING_KERNEL = 4


@dataclass(frozen=True)
class StarganConfig(TranslatorConfig):
    """Hyperparameters that determine the shapes of generator and discriminator.

    The classes of the network are its domains: class k is the domain of the result, whatever that
    of the source; a preset has 0, which stands for as many as the data have. The other defaults are
    those of Choi et al. 2018, appendix 7.2, for pictures of 128 px.
    """

    NAME: ClassVar[str] = "StarGAN"

    resolution: int  # of the pictures, a power of two, 8 to 1024
    channels: int = 3  # of the pictures: 1 gray, 3 RGB, 4 RGBA
    generator_maps: int = 64  # after the first layer of the generator
    generator_blocks: int = 6  # residual ones
    discriminator_maps: int = 64  # after the first layer of the discriminator
    discriminator_layers: int = 6  # that halve the picture and double the maps
    classes: int = 0
    base_height: int = BASE_RESOLUTION  # pixels at level 0
    base_width: int = BASE_RESOLUTION
    family: str = "stargan"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not min(self.patch_map):
            raise ValueError(
                f"discriminator_layers={self.discriminator_layers} halve a picture of "
                f"{min(self.size_at(self.resolution))} pixels until nothing is left: choose fewer"
            )

    @property
    def patch_map(self) -> Size:
        """Height and width in pixels of the features that the discriminator judges."""
        height, width = self.size_at(self.resolution)
        return height >> self.discriminator_layers, width >> self.discriminator_layers

    def _require_domains(self) -> None:
        if 0 < self.classes < FEWEST_DOMAINS:
            raise ValueError(
                f"a StarGAN translates between {FEWEST_DOMAINS} or more domains, not {self.classes}"
            )

    def path_costs(self) -> list[float]:
        """Multiply-adds of the generator for one picture, at each level."""
        return self.costs(2 * self.channels + self.classes, HALVING_KERNEL)
