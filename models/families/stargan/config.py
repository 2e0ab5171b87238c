"""The configuration of a StarGAN, as plain data.

Owns `StarganConfig`: feature maps and blocks of both networks, and what a picture costs. One
generator translates pictures into any of its domains. Knows no tensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.families.config import FamilyConfig
from models.resolution import BASE_RESOLUTION, Size

FEWEST_DOMAINS = 2
STARGAN_HALVINGS = 2  # of the picture, before the residual blocks
OUTER_TAPS, HALVING_TAPS, INNER_TAPS = 7 * 7, 4 * 4, 3 * 3  # weights of a kernel
MOST_STARGAN_LAYERS = 8
MOST_STARGAN_BLOCKS = 64  # 6 in the paper; a damaged card must not describe a million layers


@dataclass(frozen=True)
class StarganConfig(FamilyConfig):
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
        if 0 < self.classes < FEWEST_DOMAINS:
            raise ValueError(
                f"a StarGAN translates between {FEWEST_DOMAINS} or more domains, not {self.classes}"
            )
        if self.generator_blocks > MOST_STARGAN_BLOCKS:
            raise ValueError(
                f"generator_blocks must be at most {MOST_STARGAN_BLOCKS}, not "
                f"{self.generator_blocks}"
            )
        if self.discriminator_layers > MOST_STARGAN_LAYERS:
            raise ValueError(f"discriminator_layers must be at most {MOST_STARGAN_LAYERS}")
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

    @property
    def latent_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride] - it follows from the size of the pictures
        """Numbers in a source picture."""
        height, width = self.size_at(self.resolution)
        return self.channels * height * width

    @property
    def entry_size(self) -> int:
        """Size of the entry vector: the source picture, and one number for each domain."""
        return self.latent_size + self.classes

    @property
    def takes(self) -> tuple[str, ...]:
        """A source picture, and the name of the domain of the result."""
        return ("source", "to")

    def feature_maps(self, level: int) -> int:
        """Number of feature maps of the generator at `level`; below the middle, those there.

        At the top they are those after the first layer.
        """
        return self.generator_maps << min(self.top_level - level, STARGAN_HALVINGS)

    def path_costs(self) -> list[float]:
        """Multiply-adds of the generator for one picture, at each level.

        All are those of the whole network: a smaller picture is downsampled from the largest one.
        """
        height, width = self.size_at(self.resolution)
        maps, pixels = self.generator_maps, height * width
        outer = OUTER_TAPS * (2 * self.channels + self.classes) * maps * pixels
        # From and to each halving: a transposed convolution reads as many values as the
        # convolution that it mirrors.
        halvings = sum(
            2 * HALVING_TAPS * (maps << k) * (maps << (k + 1)) * (pixels >> (2 * (k + 1)))
            for k in range(STARGAN_HALVINGS)
        )
        inner = (maps << STARGAN_HALVINGS) ** 2 * INNER_TAPS * (pixels >> (2 * STARGAN_HALVINGS))
        total = float(outer + halvings + 2 * self.generator_blocks * inner)
        return [total for _ in self.resolutions]
