"""The networks of the mode-recovery experiment, as plain data.

Owns `StackedMnistConfig` and the published choices of K. They are for this experiment alone: no
family, run or bundle has them. Knows no tensor.
Source: Karras et al. 2018, appendix on Stacked MNIST.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.families.config import FamilyConfig
from models.resolution import BASE_RESOLUTION
from training.benchmark.digits import SIZE

FIRST_MAPS = 64  # of the generator at 4 px
UPSAMPLING_TAPS = 4  # weights of an upsampling convolution that reach one pixel


@dataclass(frozen=True)
class StackedMnistConfig(FamilyConfig):
    """Hyperparameters that determine the shapes of generator and discriminator.

    The generator has 64, 32, 16 and 8 feature maps at 4, 8, 16 and 32 px; the discriminator has as
    many at 32, 16 and 8 px, divided by K.
    """

    NAME: ClassVar[str] = "network of the Stacked MNIST experiment"

    divisor: int  # K: 1 in the normal pair, 2 for the paper's K/2, 4 for its K/4
    resolution: int = SIZE
    channels: int = 3
    latent_size: int = 64
    classes: int = 0
    base_height: int = BASE_RESOLUTION
    base_width: int = BASE_RESOLUTION
    family: str = "stacked-mnist"

    @property
    def entry_size(self) -> int:
        """Numbers in a latent."""
        return self.latent_size

    def feature_maps(self, level: int) -> int:
        """Number of feature maps of the generator at `level`."""
        return FIRST_MAPS >> level

    def discriminator_feature_maps(self, level: int) -> int:
        """Number of feature maps of the discriminator at `level`, above the base."""
        return self.feature_maps(level) // self.divisor

    def path_costs(self) -> list[float]:
        """Multiply-adds of the generator up to each level, for one image, without the exit."""
        costs = [float(self.latent_size * self.feature_maps(0) * BASE_RESOLUTION**2)]
        for level, resolution in enumerate(self.resolutions[1:], 1):
            inputs = UPSAMPLING_TAPS * self.feature_maps(level - 1)
            costs.append(costs[-1] + inputs * self.feature_maps(level) * resolution**2)
        return costs


NETWORKS = {
    "k4": StackedMnistConfig(4),
    "k2": StackedMnistConfig(2),
    "normal": StackedMnistConfig(1),
}
