"""The configuration of a DCGAN, as plain data.

Owns `DcganConfig`: feature maps and latent size, and what a level costs. Knows no tensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.families.config import FamilyConfig
from models.resolution import BASE_RESOLUTION

LARGEST_DCGAN = 128  # pixels; the published networks have 64
TAPS = 4  # weights of a transposed 4x4 convolution with stride 2 that reach one pixel


@dataclass(frozen=True)
class DcganConfig(FamilyConfig):
    """Hyperparameters that determine the shapes of generator and discriminator.

    The number of feature maps halves from level to level, down to `generator_maps` one level below
    the images; in the discriminator it doubles, beginning with `discriminator_maps`
    (Radford et al. 2016, figure 1, which has 64 px and 128 maps).
    """

    NAME: ClassVar[str] = "DCGAN"

    resolution: int  # of the images, a power of two, 8 to 128
    channels: int = 3  # of the image: 1 gray, 3 RGB, 4 RGBA
    latent_size: int = 100
    generator_maps: int = 64
    discriminator_maps: int = 64
    classes: int = 0  # of a conditional network; 0 without classes
    base_height: int = BASE_RESOLUTION  # pixels at level 0
    base_width: int = BASE_RESOLUTION
    family: str = "dcgan"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.resolution > LARGEST_DCGAN:
            raise ValueError(
                f"a DCGAN has at most {LARGEST_DCGAN} px, not {self.resolution}: choose a "
                "Progressive GAN for larger pictures"
            )

    @property
    def entry_size(self) -> int:
        """Size of the entry vector: the latent, and with classes one number for each of them."""
        return self.latent_size + self.classes

    def feature_maps(self, level: int) -> int:
        """Number of feature maps of the generator at `level`; at the top, channels of the image."""
        if level == self.top_level:
            return self.channels
        return self.generator_maps << (self.top_level - 1 - level)

    def discriminator_feature_maps(self, level: int) -> int:
        """Number of feature maps of the discriminator at `level`, below the top."""
        return self.discriminator_maps << (self.top_level - 1 - level)

    def path_costs(self) -> list[float]:
        """Multiply-adds of the generator up to each level, for one image.

        A smaller image costs as much as the largest one, from which it is downsampled; these are
        the costs of the layers.
        """
        costs: list[float] = []
        so_far = 0.0
        for level, resolution in enumerate(self.resolutions):
            height, width = self.size_at(resolution)
            inputs = TAPS * self.feature_maps(level - 1) if level else self.entry_size
            so_far += inputs * self.feature_maps(level) * height * width
            costs.append(so_far)
        return costs
