"""Growth: the active levels of the networks, and the cross-fade between two of them.

Owns `Growth` and `blend`. Generator, discriminator and real images all use the same
cross-fade (Karras et al. 2018, section 2, figure 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from models.layers.resampling import downsample, upsample
from models.resolution import resolution_of


@dataclass(frozen=True)
class Growth:
    """The highest active level and its weight in the cross-fade.

    Attributes:
        level: 0 for the base; each level doubles height and width.
        alpha: weight of the level, 0 to 1: 0 is only the level below, upsampled; 1 only the level.
    """

    level: int
    alpha: float = 1.0

    def __post_init__(self) -> None:
        if self.level < 0 or not 0.0 <= self.alpha <= 1.0:
            raise ValueError(f"growth needs level >= 0 and alpha in [0, 1], not {self}")
        if self.level == 0 and self.alpha != 1.0:
            raise ValueError("level 0 has nothing below it to fade from: its alpha is 1")

    @property
    def fading(self) -> bool:
        """True while two levels are blended."""
        return self.alpha < 1.0

    @property
    def resolution(self) -> int:
        """Resolution of the level (`models.resolution`)."""
        return resolution_of(self.level)


def blend(old: Tensor, new: Tensor, alpha: float) -> Tensor:
    """Linear interpolation: `old` at alpha 0, `new` at alpha 1; same shapes."""
    return torch.lerp(old, new, alpha)


def fade_images(images: Tensor, growth: Growth) -> Tensor:
    """Apply the generator's cross-fade to real images `[N, C, H, W]`; shape and range stay."""
    if not growth.fading:
        return images
    return blend(upsample(downsample(images)), images, growth.alpha)
