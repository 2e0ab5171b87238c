"""Growth: which levels of the networks are active, and the cross-fade between two of them.

Owns `Growth` and `blend`. A generator, a discriminator and the real images all fade by the same
rule (Karras et al. 2018, section 2, figure 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from models.families.progan.config import resolution_of
from models.layers import downsample, upsample


@dataclass(frozen=True)
class Growth:
    """The highest active level, and its weight in the picture.

    Attributes:
        level: 0 for the base, 1 for twice its size, and so on.
        alpha: weight of the level, 0 to 1: 0 is the level below, up-sampled; 1 the level alone.
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
        """Whether two levels are mixed."""
        return self.alpha < 1.0

    @property
    def resolution(self) -> int:
        """Name of the level (`models.families.progan.config`)."""
        return resolution_of(self.level)


def blend(old: Tensor, new: Tensor, alpha: float) -> Tensor:
    """`old` at alpha 0, `new` at alpha 1; same shapes."""
    return torch.lerp(old, new, alpha)


def fade_images(images: Tensor, growth: Growth) -> Tensor:
    """Real images as blurred as the generator's: `[N, C, H, W]` -> the same shape and range."""
    if not growth.fading:
        return images
    return blend(upsample(downsample(images)), images, growth.alpha)
