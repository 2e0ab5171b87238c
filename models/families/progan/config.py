"""The configuration of a Progressive GAN, as plain data.

Owns `ProganConfig`: feature maps and latent size, and what a level costs. Knows no tensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.families.config import FamilyConfig
from models.resolution import BASE_RESOLUTION

KERNEL = 9  # weights of a 3x3 convolution
UP_KERNEL = 4  # weights that reach one pixel when a 3x3 convolution doubles the resolution


@dataclass(frozen=True)
class ProganConfig(FamilyConfig):
    """Hyperparameters that determine the shapes of generator and discriminator.

    Feature maps follow the published networks: `min(fmap_base / 2^stage, fmap_max)`
    (Karras et al. 2018, appendix A, table 2), and never less than `fmap_min`; a layer at resolution
    2^r has stage r - 1.
    """

    NAME: ClassVar[str] = "Progressive GAN"
    OPTIONAL: ClassVar[frozenset[str]] = FamilyConfig.OPTIONAL | {
        "fmap_min",
        "stem_norm",
        "tiling",
    }
    MAY_BE_ZERO: ClassVar[frozenset[str]] = FamilyConfig.MAY_BE_ZERO | {"fmap_min"}
    family: ClassVar[str] = "progan"  # pyright: ignore[reportIncompatibleVariableOverride] - not a field, so that its cards stay as they were

    resolution: int  # of the top level, a power of two, 8 to 1024
    channels: int = 3  # of the image: 1 gray, 3 RGB, 4 RGBA
    latent_size: int = 512
    fmap_base: int = 8192
    fmap_max: int = 512
    classes: int = 0  # of a conditional network; 0 without classes
    base_height: int = BASE_RESOLUTION  # pixels at level 0
    base_width: int = BASE_RESOLUTION
    stem_norm: bool = True  # PixelNorm after the dense layer of the stem; other tools leave it out
    fmap_min: int = 0  # least feature maps of a layer; not in the paper
    tiling: bool = False  # images join at opposite edges: circular padding in the generator

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fmap_min > self.fmap_max:
            raise ValueError(
                f"fmap_min must be at most fmap_max = {self.fmap_max}, not {self.fmap_min}"
            )
        if self.feature_maps(self.top_level) < 1:
            raise ValueError(
                f"fmap_base {self.fmap_base} leaves no feature map at {self.resolution} px: "
                f"it must be at least {2 << self.top_level}"
            )

    @property
    def entry_size(self) -> int:
        """Input size of the stem: the latent size, doubled with classes for the class embedding."""
        return 2 * self.latent_size if self.classes else self.latent_size

    def feature_maps(self, level: int) -> int:
        """Number of feature maps in the layers of `level`."""
        return max(min(self.fmap_base >> (level + 1), self.fmap_max), self.fmap_min)

    def path_costs(self) -> list[float]:
        """Multiply-adds of the generator up to each level, for one image, without its exits."""
        costs: list[float] = []
        below, so_far = 0, 0.0
        for level, resolution in enumerate(self.resolutions):
            height, width = self.size_at(resolution)
            maps, pixels = self.feature_maps(level), height * width
            entrance = UP_KERNEL * below if level else self.latent_size
            so_far += (entrance + KERNEL * maps) * maps * pixels
            costs.append(so_far)
            below = maps
        return costs
