"""The pictures of `bench.promise`: of seeds, of points between some, and translations.

Owns their recipes and their batches. Knows no network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import cycle

import numpy as np

from service.batching.engine import ModelInfo
from service.batching.recipe import (
    Method,
    Point,
    Recipe,
    SourcePicture,
    point_between,
    point_of,
)
from service.batching.translation import translates
from service.batching.watermarks import watermark_at

MAX_BATCH = 8
PSIS = (1.0, 0.7, 1.0, 0.35, 0.05)
BETWEEN = 8  # every eighth seed has a point between it and the next


def recipes_of(served: ModelInfo, seeds: int) -> list[Recipe]:
    """Return recipes of all seeds and of points between some, cycling through all resolutions."""
    sizes, name = served.card.resolutions, served.pinned_name
    if translates(served):
        return [
            Recipe(name, point_of(seed), size, label, source=source_of(served, seed))
            for seed, size, label in zip(
                range(seeds), cycle(sizes), cycle(served.card.labels), strict=False
            )
        ]
    psis = PSIS if "psi" in served.card.takes else (1.0,)
    return [
        Recipe(name, point, size, watermark=watermark_at(served, size), psi=psi)
        for point, size, psi in zip(points_of(seeds), cycle(sizes), cycle(psis), strict=False)
    ]


def source_of(served: ModelInfo, seed: int) -> SourcePicture:
    """Return a random picture of the size of a model."""
    network = served.card.network
    random = np.random.Generator(np.random.PCG64(seed))
    pixels = random.integers(0, 256, network.latent_size, np.uint8).tobytes()
    return SourcePicture(hashlib.sha256(pixels).hexdigest(), pixels)


def points_of(seeds: int) -> list[Point]:
    """Return the point of each seed, and points between some seeds, in the order of `place_of`."""
    points: list[Point] = []
    for seed in range(seeds):
        points.append(point_of(seed))
        if seed % BETWEEN == 0:
            method = (Method.SLERP, Method.LERP)[seed // BETWEEN % 2]
            points.append(point_between(seed, seed + 1, (seed + 1) / (seeds + 1), method))
    return points


def place_of(recipe: Recipe) -> tuple[int, float]:
    """Return the key by which recipes are in the order of `points_of`."""
    return recipe.point.start, recipe.point.t


def shuffled(recipes: Sequence[Recipe], draw: int) -> list[list[Recipe]]:
    """Return batches of all sizes, with each recipe in another batch and at another index."""
    random = np.random.Generator(np.random.PCG64(draw))
    order = [recipes[int(i)] for i in random.permutation(len(recipes)).tolist()]
    batches: list[list[Recipe]] = []
    while order:
        size = int(random.integers(1, MAX_BATCH + 1))
        batches.append(order[:size])
        order = order[size:]
    return batches
