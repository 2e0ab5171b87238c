"""Does the generator remember? The training pictures that are nearest to generated ones.

Owns the search in a space of features, one number for it, and the sheet that shows it. Knows no
network and no file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from training.data import Indices
from training.quality.distances import Cloud, Doubles, squared_distances
from training.quality.pictures import Pictures
from training.samples import grid_of

SHOWN = 5  # neighbours of each
CLOSEST, FIRST = 6, 6  # rows of the sheet


@dataclass(frozen=True)
class Neighbours:
    """For every generated picture the nearest real ones.

    Attributes:
        places: among the real pictures, `[n, k]`, nearest first.
        distances: Euclidean, `[n, k]`.
        ratio: the median distance of a generated picture to its nearest real one, over that of a
            real picture to its nearest other: near 1 or above for new pictures, near 0 for copies.
    """

    places: Indices
    distances: Doubles
    ratio: float


def nearest_neighbours(real: Cloud, generated: Cloud, k: int = SHOWN) -> Neighbours:
    """The `k` of `real` nearest to each of `generated`, both `[n, D]`; all if there are fewer.

    Raises:
        ValueError: fewer than two real pictures, or no generated one.
    """
    if len(real) < 2 or not len(generated):
        raise ValueError("neighbours need two real pictures and a generated one")
    places, distances = _search(generated, real, min(k, len(real)))
    among_real = _search(real, real, 2)[1][:, 1]  # the nearest of each is itself or its double
    usual = float(np.median(among_real))
    ratio = float(np.median(distances[:, 0])) / usual if usual else float("inf")
    return Neighbours(places, distances, ratio)


def _search(points: Cloud, cloud: Cloud, k: int) -> tuple[Indices, Doubles]:
    places: list[Indices] = []
    distances: list[Doubles] = []
    for _, squares in squared_distances(points, cloud):
        order = np.argsort(squares, axis=1, kind="stable")[:, :k]
        places.append(order)
        distances.append(np.sqrt(np.take_along_axis(squares, order, axis=1)))
    return np.concatenate(places), np.concatenate(distances)


def sheet_of(real: Pictures, generated: Pictures, found: Neighbours) -> Image.Image:
    """Generated pictures on the left, their neighbours to the right of them.

    Above the six of all that are closest to a real picture, below the first six.
    """
    closest = np.argsort(found.distances[:, 0], kind="stable")[:CLOSEST]
    rows = [*closest.tolist(), *range(min(FIRST, len(generated)))]
    tiles = [np.concatenate([generated.at([row]), real.at(found.places[row])]) for row in rows]
    return grid_of(np.concatenate(tiles), columns=1 + found.places.shape[1])
