"""Points of random seeds: where a projection begins, and the part of the space that it keeps to.

Owns the drawing of seeds. Knows no target.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.entrance import StyleEntrance
from training.generation import LatentPoint, Sampler


@dataclass(frozen=True)
class Region:
    """The part of a space, of latents or of styles, in which points of seeds lie.

    Attributes:
        centre: `[S]`; of latents it is 0.
        unit: mean standard deviation of a number of a point.
        nearest: smallest distance of a point from the centre; of styles it is 0, since the mean
            style has a picture, too.
        farthest: largest distance.
    """

    centre: Tensor
    unit: float
    nearest: float
    farthest: float

    def limited(self, point: Tensor) -> Tensor:
        """Point `[S]`, moved towards or away from the centre until it lies in the region."""
        offset = point - self.centre
        length = max(float(offset.square().sum().sqrt()), 1e-12)
        return self.centre + offset * (min(max(length, self.nearest), self.farthest) / length)


def lengths_of(vectors: Tensor) -> Tensor:
    """Euclidean lengths `[N]` of vectors `[N, S]`."""
    return vectors.square().sum(dim=1).sqrt()


def candidate_seeds(seed: int, count: int) -> list[int]:
    """Seeds, 0 to 2^63 - 1: the first words of Philox-4x64 with the key `seed`, halved."""
    return [int(word) >> 1 for word in np.random.Philox(key=seed).random_raw(count)]


def points_of(sampler: Sampler, seeds: list[int]) -> list[LatentPoint]:
    """Points of seeds, with the class of the sampler, or else of each seed."""
    return [sampler.point_of(seed) for seed in seeds]


def is_styled(sampler: Sampler) -> bool:
    """True if the points of a generator are styles, not latents."""
    return isinstance(sampler.entrance, StyleEntrance)


def region_of(sampler: Sampler, points: list[LatentPoint]) -> Region:
    """The region of points; at least two are needed."""
    vectors = torch.stack([torch.from_numpy(point.vector) for point in points])
    if is_styled(sampler):
        centre = vectors.mean(dim=0)
        lengths = lengths_of(vectors - centre)
        return Region(centre, float(vectors.std(dim=0).mean()), 0.0, float(lengths.max()))
    lengths = lengths_of(vectors)
    return Region(torch.zeros(vectors.shape[1]), 1.0, float(lengths.min()), float(lengths.max()))
