"""Nearest real pictures of generated ones, in a space of features.

Owns the search in a space of features, the numbers for it, and the sheet that shows it. Knows no
network and no file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from training.data.stream import Indices
from training.quality.distances import Cloud, Doubles, squared_distances
from training.quality.pictures import PictureSet
from training.rendering import grid_of

SHEET_NEIGHBOURS = 5  # neighbours of each
CLOSEST, FIRST = 6, 6  # rows of the sheet
LOW = 0.01  # a share of pictures: one copy among a hundred shows


@dataclass(frozen=True)
class Neighbours:
    """For every generated picture the nearest real ones.

    The last three are in usual distances: the median of those from a real picture to its nearest
    other is 1.

    Attributes:
        places: among the real pictures, `[n, k]`, nearest first.
        distances: Euclidean, `[n, k]`.
        ratio: the median distance from a generated picture to its nearest real one: near 1 or above
            for new pictures, near 0 for copies.
        low: the first percentile in place of the median: near 0 where one in a hundred is a copy.
        low_of_real: the same from real pictures to their nearest others, what is usual there.
    """

    places: Indices
    distances: Doubles
    ratio: float
    low: float
    low_of_real: float


def nearest_neighbours(
    real: Cloud,
    generated: Cloud,
    k: int = SHEET_NEIGHBOURS,
    *,
    duplicates: Indices | None = None,
    measured: int | None = None,
) -> Neighbours:
    """The `k` of `real` nearest to each of `generated`, both `[n, D]`; all if there are fewer.

    A real picture's nearest other is not one equal to it: a data set that has pictures twice is no
    excuse for a generator that copies.

    Args:
        real: those searched.
        generated: those whose neighbours are looked for.
        k: how many neighbours.
        duplicates: `[n]`, the same number for real pictures that are equal; None if none are.
        measured: the first of `real` whose nearest other is the measure; None for all.

    Raises:
        ValueError: fewer than two real pictures, or no generated one.
    """
    if len(real) < 2 or not len(generated):
        raise ValueError("neighbours need two real pictures and a generated one")
    places, distances = _search(generated, real, min(k, len(real)))
    duplicates = np.arange(len(real)) if duplicates is None else duplicates
    apart = _apart(real, measured or len(real), duplicates)
    usual = float(np.median(apart)) if len(apart) else 0.0
    if not usual:
        return Neighbours(places, distances, *[float("inf")] * 3)
    nearest = distances[:, 0]
    return Neighbours(
        places,
        distances,
        ratio=float(np.median(nearest)) / usual,
        low=_low(nearest) / usual,
        low_of_real=_low(apart) / usual,
    )


def _low(distances: Doubles) -> float:
    """One of them, never between two: the nearest, if there are only a hundred."""
    return float(np.quantile(distances, LOW, method="lower"))


def _search(points: Cloud, cloud: Cloud, k: int) -> tuple[Indices, Doubles]:
    places: list[Indices] = []
    distances: list[Doubles] = []
    for _, squares in squared_distances(points, cloud):
        order = np.argsort(squares, axis=1, kind="stable")[:, :k]
        places.append(order)
        distances.append(np.sqrt(np.take_along_axis(squares, order, axis=1)))
    return np.concatenate(places), np.concatenate(distances)


def _apart(cloud: Cloud, measured: int, duplicates: Indices) -> Doubles:
    """The distance of each of the first to its nearest other; without those that have none."""
    nearest: list[Doubles] = []
    for start, squares in squared_distances(cloud[:measured], cloud):
        same = duplicates[start : start + len(squares), None] == duplicates
        squares[same] = np.inf
        nearest.append(np.sqrt(squares.min(axis=1)))
    apart = np.concatenate(nearest)
    return apart[np.isfinite(apart)]


def sheet_of(real: PictureSet, generated: PictureSet, found: Neighbours) -> Image.Image:
    """Generated pictures on the left, their neighbours to the right of them.

    Above the six of all that are closest to a real picture, below the first six.
    """
    closest = np.argsort(found.distances[:, 0], kind="stable")[:CLOSEST]
    rows = [*closest.tolist(), *range(min(FIRST, len(generated)))]
    tiles = [np.concatenate([generated.at([row]), real.at(found.places[row])]) for row in rows]
    return grid_of(np.concatenate(tiles), columns=1 + found.places.shape[1])
