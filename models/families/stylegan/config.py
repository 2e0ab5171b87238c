"""The configuration of a StyleGAN2, as plain data.

Owns `StyleganConfig`: feature maps, sizes of latent and style, and what a level costs. Knows no
tensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.families.config import FamilyConfig
from models.resolution import BASE_RESOLUTION

TAPS_OF_3X3 = 9  # weights of a 3x3 convolution
BLUR = 16  # weights of the low-pass filter
MOST_MAPPING_LAYERS = 64  # 8 in the paper; a damaged card must not describe a million layers


@dataclass(frozen=True)
class StyleganConfig(FamilyConfig):
    """Hyperparameters that determine the shapes of generator and discriminator.

    A layer at resolution R has `min(fmap_base / R, fmap_max)` feature maps, as configuration F of
    the published networks, with their defaults.
    """

    NAME: ClassVar[str] = "StyleGAN2"

    resolution: int  # of the images, a power of two, 8 to 1024
    channels: int = 3  # of the image: 1 gray, 3 RGB, 4 RGBA
    latent_size: int = 512
    style_size: int = 512  # numbers in a style, w
    mapping_layers: int = 8
    fmap_base: int = 32768
    fmap_max: int = 512
    classes: int = 0  # of a conditional network; 0 without classes
    base_height: int = BASE_RESOLUTION  # pixels at level 0
    base_width: int = BASE_RESOLUTION
    family: str = "stylegan"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mapping_layers > MOST_MAPPING_LAYERS:
            raise ValueError(
                f"mapping_layers must be at most {MOST_MAPPING_LAYERS}, not {self.mapping_layers}"
            )
        if self.feature_maps(self.top_level) < 1:
            raise ValueError(
                f"fmap_base {self.fmap_base} leaves no feature map at {self.resolution} px: it "
                f"must be at least {self.resolution}"
            )

    @property
    def style_layers(self) -> int:
        """Number of layers with a style of their own: one at 4 px, two at each higher level.

        The layer to the image shares the style of the first layer above it; the last one has its
        own.
        """
        return 2 * self.top_level + 2

    @property
    def entry_size(self) -> int:
        """Numbers in the entry vector of one picture: the styles of all layers."""
        return self.style_layers * self.style_size

    @property
    def direction_size(self) -> int:
        """Numbers in a direction: of a style."""
        return self.style_size

    @property
    def takes(self) -> tuple[str, ...]:
        """Names of what a request may choose: also truncation and a second style."""
        return (*super().takes, "psi", "mix")

    def feature_maps(self, level: int) -> int:
        """Number of feature maps in the layers of `level`."""
        return min(self.fmap_base // self.resolutions[level], self.fmap_max)

    def path_costs(self) -> list[float]:
        """Multiply-adds of the generator up to each level, for one image.

        A smaller image costs as much as the largest one, from which it is downsampled; these are
        the costs of the layers. The mapping network is counted at level 0.
        """
        inner = (self.mapping_layers - 1) * self.style_size**2
        so_far = float(inner + (1 + (self.classes > 0)) * self.latent_size * self.style_size)
        costs: list[float] = []
        below = 0
        for level, resolution in enumerate(self.resolutions):
            height, width = self.size_at(resolution)
            maps, pixels = self.feature_maps(level), height * width
            up = (TAPS_OF_3X3 * below / 4 + BLUR) * maps if level else 0.0
            so_far += (up + (TAPS_OF_3X3 * maps + self.channels) * maps) * pixels
            costs.append(so_far)
            below = maps
        return costs
