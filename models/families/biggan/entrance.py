"""The entrance of a BigGAN that takes truncated latents.

Owns the rule from psi to the statistics of batch normalisations, and so to their corrections. Knows
no layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from models.entrance import ClassPoint
from models.families.one_hot_entrance import OneHotEntrance
from models.truncation import truncated_latent


@dataclass(frozen=True)
class BigganEntrance:
    """Implements `models.entrance.TruncatingEntrance`.

    **The rule, which never changes:** the entry vector is that of `OneHotEntrance`, of the
    truncated latent, followed by a factor and then a summand of each normalised map. There are
    means m and deviations s of the maps for psi = 0, 1/K, ..., 1. Between k/K and (k+1)/K both are
    interpolated linearly. With m1 and s1 of psi 1, the factor is s1 / s and the summand
    m1 - m s1 / s; at psi 1 they are 1 and 0. All is computed in float64 and rounded once.

    Attributes:
        one_hot: entrance for latent and class.
        means: `[K + 1, maps]`, float64 on the CPU, as are deviations.
        deviations: square roots of variance plus epsilon.
    """

    one_hot: OneHotEntrance
    means: Tensor
    deviations: Tensor

    @property
    def latent_size(self) -> int:
        """Numbers in a latent, L."""
        return self.one_hot.latent_size

    @property
    def classes(self) -> int:
        """Number of classes; 0 without."""
        return self.one_hot.classes

    @property
    def size(self) -> int:
        """Numbers in an entry vector."""
        return self.one_hot.size + 2 * self.means.shape[1]

    def enter(self, latent: Tensor, point: ClassPoint | None) -> Tensor:
        """Entry vector of a latent that is not truncated: `[L]` -> `[L + classes + 2 maps]`."""
        return self.enter_truncated(latent, point, 1.0)

    def truncated_latent(self, latent: Tensor, psi: float) -> Tensor:
        """Latent `[L]` truncated as in `models.truncation`."""
        return torch.from_numpy(truncated_latent(latent.numpy(), psi))

    def enter_truncated(self, latent: Tensor, point: ClassPoint | None, psi: float) -> Tensor:
        """Entry vector of a latent that was truncated with this psi."""
        return torch.cat([self.one_hot.enter(latent, point), *self.corrections(psi)])

    def corrections(self, psi: float) -> tuple[Tensor, Tensor]:
        """Factors and summands `[maps]` before the normalisations.

        Raises:
            ValueError: psi is not from 0 to 1.
        """
        if not 0.0 <= psi <= 1.0:
            raise ValueError(f"there are statistics for a psi from 0 to 1, not {psi}")
        usual, deviation = self.means[-1], self.deviations[-1]
        if psi == 1.0:
            return torch.ones(len(usual)), torch.zeros(len(usual))
        place = psi * (len(self.means) - 1)
        below = min(int(place), len(self.means) - 2)
        m, s = (
            torch.lerp(each[below], each[below + 1], place - below)
            for each in (self.means, self.deviations)
        )
        factor = deviation / s
        return factor.float(), (usual - m * factor).float()
