"""The entrance of DCGAN and BigGAN: the latent, and with classes one number for each of them.

Owns the concatenation (conditional GAN, Mirza and Osindero 2014), for one picture and for batches.
Knows no layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from models.entrance import ClassPoint


@dataclass(frozen=True)
class OneHotEntrance:
    """Implements `models.entrance.Entrance`.

    **The rule, which never changes:** the entry vector is the latent, followed by one number for
    each class: 1 for the class of the picture, 0 for the others. At the place t between two
    classes, the first has 1 - t and the other t, in float64, rounded once to float32.

    Attributes:
        latent_size: numbers in a latent, L.
        classes: number of classes; 0 without.
    """

    latent_size: int
    classes: int = 0

    @property
    def size(self) -> int:
        """Numbers in an entry vector."""
        return self.latent_size + self.classes

    def enter(self, latent: Tensor, point: ClassPoint | None) -> Tensor:
        """Entry vector of one picture: `[L]` -> `[L + classes]`."""
        if not self.classes or point is None:
            return latent
        shares = torch.zeros(self.classes, dtype=torch.float64)
        t = 0.0 if point.is_pure else point.t
        shares[point.end] = t
        shares[point.start] = 1.0 - t
        return torch.cat([latent, shares.float()])


def with_one_hot(z: Tensor, labels: Tensor | None, classes: int) -> Tensor:
    """Entry vectors `[N, L + classes]` of latents `[N, L]` with classes `labels`, int64 `[N]`."""
    if labels is None:
        return z
    return torch.cat([z, F.one_hot(labels, classes).to(z.dtype)], dim=1)
