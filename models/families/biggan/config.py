"""The configuration of a BigGAN, as plain data.

Owns `BigganConfig`: feature maps, sizes of latent and class vector, the place of attention, and
what a level costs. Knows no tensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from models.families.config import FamilyConfig
from models.resolution import BASE_RESOLUTION

_TAPS_OF_3X3 = 9  # weights of a 3x3 convolution
KEY_DIVISOR = 8  # queries and keys of attention have maps / KEY_DIVISOR maps, values half of them
VALUE_DIVISOR = 2
MOST_PSI_STEPS = 100  # a damaged card must not describe a million of them


@dataclass(frozen=True)
class BigganConfig(FamilyConfig):
    """Hyperparameters that determine the shapes of generator and discriminator.

    A layer of the generator at resolution R has `min(fmap_base / R, fmap_max)` feature maps, which
    at 128 px with the default values are those of Brock et al. 2019, table 4.
    """

    NAME: ClassVar[str] = "BigGAN"
    OPTIONAL: ClassVar[frozenset[str]] = FamilyConfig.OPTIONAL | {"attention", "psi_steps"}
    MAY_BE_ZERO: ClassVar[frozenset[str]] = FamilyConfig.MAY_BE_ZERO | {
        *("attention", "class_size", "psi_steps"),
    }

    resolution: int  # of the images, a power of two, 8 to 1024
    channels: int = 3  # of the image: 1 gray, 3 RGB, 4 RGBA
    latent_size: int = 120
    class_size: int = 128  # numbers in the vector of a class that all layers share; 0: no sharing
    fmap_base: int = 12288
    fmap_max: int = 1536
    attention: int = 0  # pixels of the level with self-attention; 0 without
    classes: int = 0  # of a conditional network; 0 without classes
    base_height: int = BASE_RESOLUTION  # pixels at level 0
    base_width: int = BASE_RESOLUTION
    family: str = "biggan"
    psi_steps: int = 0  # values of psi below 1 with statistics of their own; 0: no truncation

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.feature_maps(self.top_level) < 1:
            raise ValueError(
                f"fmap_base {self.fmap_base} leaves no feature map at {self.resolution} px: it "
                f"must be at least {self.resolution}"
            )
        if self.class_size and self.latent_size % self.chunks:
            raise ValueError(
                f"latent_size {self.latent_size} is divided among {self.chunks} layers: choose a "
                f"multiple of {self.chunks}"
            )
        if not self.class_size and not self.classes:
            raise ValueError(
                "without classes, class_size must be above 0: then parts of the latent take the "
                "place of the class in every layer"
            )
        self._require_attention()
        self._require_steps()

    def _require_steps(self) -> None:
        if self.psi_steps > MOST_PSI_STEPS:
            raise ValueError(f"psi_steps must be at most {MOST_PSI_STEPS}, not {self.psi_steps}")

    def _require_attention(self) -> None:
        inner = self.resolutions[1:-1]
        if not self.attention:
            return
        if self.attention not in inner:
            allowed = ", ".join(map(str, inner)) or "none at this resolution"
            raise ValueError(
                f"attention at {self.attention} px: it must be 0 or one of these: {allowed}"
            )
        if min(self._attended_maps) < KEY_DIVISOR:
            raise ValueError(
                f"attention needs {KEY_DIVISOR} feature maps at {self.attention} px and one level "
                "above: raise fmap_base or fmap_max"
            )

    @property
    def _attended_maps(self) -> tuple[int, int]:
        """Feature maps at the attention of the generator, and of the discriminator."""
        level = self.resolutions.index(self.attention)
        return self.feature_maps(level), self.feature_maps(level + 1)

    @property
    def chunks(self) -> int:
        """Number of parts of the latent: one for the first layer, and one for each block."""
        return self.top_level + 1

    @property
    def chunk_size(self) -> int:
        """Numbers of the latent that one block gets; 0 if the first layer gets all of them."""
        return self.latent_size // self.chunks if self.class_size else 0

    @property
    def entry_size(self) -> int:
        """Size of the entry vector: latent, one number for each class, corrections of all maps."""
        return self.latent_size + self.classes + 2 * sum(self.corrected_maps)

    @property
    def normalised_maps(self) -> tuple[int, ...]:
        """Feature maps of each batch normalisation: two in each block, and the last one."""
        maps = [self.feature_maps(level) for level in range(self.top_level + 1)]
        return (*(each for pair in pairwise(maps) for each in pair), maps[-1])

    @property
    def corrected_maps(self) -> tuple[int, ...]:
        """`normalised_maps` where there are statistics for truncated latents, else none."""
        return self.normalised_maps if self.psi_steps else ()

    @property
    def takes(self) -> tuple[str, ...]:
        """Names of what a request may choose: also truncation, with statistics for it."""
        return (*super().takes, "psi") if self.psi_steps else super().takes

    @property
    def max_psi(self) -> float:
        """The largest truncation: none, since more than the whole distribution cannot be kept."""
        return 1.0

    def feature_maps(self, level: int) -> int:
        """Number of feature maps of the generator in the layers of `level`."""
        return min(self.fmap_base // self.resolutions[level], self.fmap_max)

    def path_costs(self) -> list[float]:
        """Multiply-adds of the generator up to each level, for one image.

        A smaller image costs as much as the largest one, from which it is downsampled; these are
        the costs of the layers.
        """
        first = self.feature_maps(0) * self.base_height * self.base_width
        so_far = float(first * (self.chunk_size or self.latent_size))
        costs = [so_far]
        for level, resolution in enumerate(self.resolutions[1:], start=1):
            height, width = self.size_at(resolution)
            below, maps, pixels = (
                self.feature_maps(level - 1),
                self.feature_maps(level),
                height * width,
            )
            so_far += (_TAPS_OF_3X3 * (below + maps) + below / 4) * maps * pixels
            if resolution == self.attention:
                so_far += self._attention_cost(maps, pixels)
            costs.append(so_far)
        height, width = self.size_at(self.resolution)
        costs[-1] += (
            _TAPS_OF_3X3 * self.feature_maps(self.top_level) * self.channels * height * width
        )
        return costs

    def _attention_cost(self, maps: int, pixels: int) -> float:
        products = (2 / KEY_DIVISOR + 2 / VALUE_DIVISOR) * maps * maps * pixels
        return products + (1 / KEY_DIVISOR + 1 / VALUE_DIVISOR) * maps * pixels * pixels / 4
