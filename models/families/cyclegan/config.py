"""The configuration of a CycleGAN, as plain data.

Owns `CycleganConfig`: feature maps and blocks of both kinds of networks, and what a picture costs.
Its input is a picture of one domain, its output a picture of the other. Knows no tensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.families.config import FamilyConfig
from models.resolution import BASE_RESOLUTION

DOMAINS = 2
OTHER_DOMAIN = {0: 1, 1: 0}  # domain of the result -> domain of its source
HALVINGS = 2  # of the picture, before the residual blocks
SMALLEST_PATCH_MAP = 3  # pixels of the features before the last two layers of a discriminator
OUTER_KERNEL, INNER_KERNEL = 7, 3
MOST_LAYERS = 8
MOST_BLOCKS = 64  # 9 in the paper; a damaged card must not describe a million layers


@dataclass(frozen=True)
class CycleganConfig(FamilyConfig):
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
        if self.classes != DOMAINS:
            raise ValueError(
                f"a CycleGAN translates between {DOMAINS} domains, not {self.classes}: prepare "
                f"{DOMAINS} sources"
            )
        if self.generator_blocks > MOST_BLOCKS:
            raise ValueError(
                f"generator_blocks must be at most {MOST_BLOCKS}, not {self.generator_blocks}"
            )
        if self.discriminator_layers > MOST_LAYERS:
            raise ValueError(f"discriminator_layers must be at most {MOST_LAYERS}")
        shorter = min(self.size_at(self.resolution)) >> self.discriminator_layers
        if shorter < SMALLEST_PATCH_MAP:
            raise ValueError(
                f"discriminator_layers={self.discriminator_layers} leave {shorter} of "
                f"{min(self.size_at(self.resolution))} pixels, and {SMALLEST_PATCH_MAP} are "
                "needed: choose fewer"
            )

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
        """Number of feature maps of a generator at `level`; below the middle, those of the middle.

        At the top they are those after the first layer.
        """
        return self.generator_maps << min(self.top_level - level, HALVINGS)

    def path_costs(self) -> list[float]:
        """Multiply-adds of one generator for one picture, at each level.

        All are those of the whole network: a smaller picture is downsampled from the largest one.
        """
        height, width = self.size_at(self.resolution)
        maps, pixels = self.generator_maps, height * width
        outer = 2 * OUTER_KERNEL**2 * self.channels * maps * pixels
        # From and to each halving: a transposed convolution reads as many values as the
        # convolution that it mirrors.
        halvings = sum(
            2 * INNER_KERNEL**2 * (maps << k) * (maps << (k + 1)) * (pixels >> (2 * (k + 1)))
            for k in range(HALVINGS)
        )
        inner = (maps << HALVINGS) ** 2 * INNER_KERNEL**2 * (pixels >> (2 * HALVINGS))
        total = float(outer + halvings + 2 * self.generator_blocks * inner)
        return [total for _ in self.resolutions]
