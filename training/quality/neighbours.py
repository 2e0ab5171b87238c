"""Nearest real pictures of generated ones, in a feature space.

Owns the search, the ratios of distances, and the sheet of pictures. Knows no network and no file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from training.data.stream import Indices
from training.quality.distances import Cloud, Doubles, squared_distances
from training.quality.pictures import PictureSet
from training.rendering import grid_of

SHEET_NEIGHBOURS = 5  # neighbours of each picture
CLOSEST, FIRST = 6, 6  # rows of the sheet
LOW = 0.01  # quantile that shows one copy among a hundred pictures


@dataclass(frozen=True)
class Neighbours:
    """Nearest real pictures of every generated picture.

    The last three attributes are distances divided by the usual distance: the median distance from
    a real picture to its nearest other real picture.

    Attributes:
        places: indices of the real pictures, `[n, k]`, nearest first.
        distances: Euclidean, `[n, k]`.
        ratio: median distance from a generated picture to its nearest real one: near 1 or above for
            new pictures, near 0 for copies.
        low: first percentile instead of the median: near 0 if one in a hundred is a copy.
        low_of_real: first percentile of the distances between real pictures, for comparison.
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
    """Find the `k` points of `real` nearest to each of `generated`, both `[n, D]`.

    Equal pictures do not count as neighbours of a real picture. Otherwise duplicates in a data set
    would lower the usual distance, and hide a generator that copies.

    Args:
        real: features that are searched.
        generated: features whose neighbours are searched for.
        k: number of neighbours; fewer if `real` has fewer.
        duplicates: `[n]`, the same number for real pictures that are equal; None if none are equal.
        measured: number of the first of `real` that determine the usual distance; None for all.

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
    """Lower 1 % quantile, without interpolation: the smallest distance if there are at most 100."""
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
    """Distance of each of the first `measured` points to its nearest other, unequal point.

    Points without such another point are left out.
    """
    nearest: list[Doubles] = []
    for start, squares in squared_distances(cloud[:measured], cloud):
        same = duplicates[start : start + len(squares), None] == duplicates
        squares[same] = np.inf
        nearest.append(np.sqrt(squares.min(axis=1)))
    apart = np.concatenate(nearest)
    return apart[np.isfinite(apart)]


def sheet_of(real: PictureSet, generated: PictureSet, found: Neighbours) -> Image.Image:
    """Draw a grid: generated pictures in the first column, their neighbours to the right.

    The upper rows have the six generated pictures that are closest to a real one, the lower rows
    the first six.
    """
    closest = np.argsort(found.distances[:, 0], kind="stable")[:CLOSEST]
    rows = [*closest.tolist(), *range(min(FIRST, len(generated)))]
    tiles = [np.concatenate([generated.at([row]), real.at(found.places[row])]) for row in rows]
    return grid_of(np.concatenate(tiles), columns=1 + found.places.shape[1])
