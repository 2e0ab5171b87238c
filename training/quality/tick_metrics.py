"""Cheap metrics of a tick, over a few fixed real pictures and seeds.

Owns three numbers for the journal. They depend only on the data, the growth and the averaged
generator, so a resumed run writes the same ones. They are meant for monitoring a single run;
`evaluate` compares runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from models.family import ImageGenerator
from models.growth import Growth, fade_images
from models.picture import Pixels
from models.pixels import from_pixels, to_pixels
from models.resolution import size_of
from training.data.stream import Indices, Prepared
from training.quality.distances import squared_distances
from training.quality.pictures import choose_real
from training.quality.swd import (
    PATCH,
    SCALE,
    Floats,
    cut_patches,
    laplacian_level,
    levels_of,
    sorted_projections,
)
from training.rendering import render

TICK_FIRST_SEED = 5_000_000  # far from those of grids, golden seeds, exits and `evaluate`
MOST_PICTURES, FEWEST_PICTURES = 256, 16  # pictures
SHARE_OF_TICK = 16  # images of a tick for each picture measured
MOST_BYTES = 2**26  # of all real pictures together
TICK_PATCHES = 16  # of each picture and level
TICK_DIRECTIONS = 128
DISTANCE_SIZE = 32  # pixels, for the distances between pictures
TICK_PICTURES_AT_ONCE = 16  # pictures


@dataclass(frozen=True)
class SetStatistics:
    """Statistics of one set of pictures, for comparison with another set.

    Attributes:
        projections: for each level of the pyramid, its patches projected onto fixed directions,
            sorted, `[K, M]`.
        mean_distance: the mean distance between two different pictures.
        nearest_distance: the median distance of a picture to the nearest other one.
    """

    projections: tuple[Floats, ...]
    mean_distance: float
    nearest_distance: float


class TickMetrics:
    """Measures an averaged generator against fixed real pictures.

    Args:
        prepared: the training pictures.
        tick_images: images between two measurements; for short ticks fewer pictures are measured.
    """

    def __init__(self, prepared: Prepared, tick_images: int) -> None:
        self.prepared = prepared
        self.wanted = min(MOST_PICTURES, max(FEWEST_PICTURES, tick_images // SHARE_OF_TICK))
        self._real: tuple[Growth, SetStatistics, Indices] | None = None

    def measure(self, average: ImageGenerator, growth: Growth) -> dict[str, float]:
        """Measure the three numbers; empty if there are fewer than two pictures.

        `swd` is the mean over levels of a sliced Wasserstein distance x1000, from fewer patches and
        directions than in the paper. `diversity` is the mean distance between two generated
        pictures, `distinctness` the median distance from one to the nearest other. Both are divided
        by the same distance of real pictures: near 1 means as varied as the data, near 0 collapse.
        """
        count = self.count_at(growth)
        if count < 2:
            return {}
        if self._real is None or self._real[0] != growth:
            array = self.prepared.images(growth.resolution)
            chosen = choose_real(array, count, seed=0)
            pictures = fade_reals(np.concatenate([*chosen.batches(TICK_PICTURES_AT_ONCE)]), growth)
            self._real = (growth, statistics_of(pictures), chosen.numbers)
        _, real, numbers = self._real
        labels = self.labels_of(numbers) if average.config.classes else None
        drawn = statistics_of(
            render(average, range(TICK_FIRST_SEED, TICK_FIRST_SEED + count), growth, labels)
        )
        return compared_statistics(real, drawn)

    def labels_of(self, numbers: Indices) -> list[int] | None:
        """Classes of the real pictures; the generated ones have the same, in the same order."""
        labels = self.prepared.labels()
        return None if labels is None else [int(label) for label in labels[numbers]]

    def count_at(self, growth: Growth) -> int:
        """Number of pictures measured: fewer if they are large, at most all of the data set."""
        height, width = size_of(growth.resolution, self.prepared.manifest.base)
        bytes_each = height * width * self.prepared.channels
        return min(self.wanted, max(FEWEST_PICTURES, MOST_BYTES // bytes_each), self.prepared.count)


def compared_statistics(real: SetStatistics, drawn: SetStatistics) -> dict[str, float]:
    """The three numbers of `TickMetrics.measure`, of two sets."""
    distances = [
        float(np.abs(a - b).mean(dtype=np.float64))
        for a, b in zip(real.projections, drawn.projections, strict=True)
    ]
    return {
        "swd": SCALE * float(np.mean(distances)),
        "diversity": drawn.mean_distance / real.mean_distance if real.mean_distance else 1.0,
        "distinctness": drawn.nearest_distance / real.nearest_distance
        if real.nearest_distance
        else 1.0,
    }


def fade_reals(pictures: Pixels, growth: Growth) -> Pixels:
    """Blur real pictures as the fade at this growth does."""
    if not growth.fading:
        return pictures
    return to_pixels(fade_images(from_pixels(torch.from_numpy(pictures)), growth)).numpy()


def statistics_of(pictures: Pixels) -> SetStatistics:
    """Compute the statistics of pictures `[N, H, W, C]`; N is at least 2."""
    small = pictures
    while min(small.shape[1:3]) > DISTANCE_SIZE:
        n, height, width, channels = small.shape
        blocks = small.reshape(n, height // 2, 2, width // 2, 2, channels)
        small = blocks.mean(axis=(2, 4), dtype=np.float32)
    points = small.reshape(len(small), -1).astype(np.float32)
    apart = np.sqrt(np.concatenate([rows for _, rows in squared_distances(points, points)]))
    n = len(points)
    np.fill_diagonal(apart, 0.0)
    mean = float(apart.sum() / (n * (n - 1)))
    np.fill_diagonal(apart, np.inf)
    return SetStatistics(tuple(projections_of(pictures)), mean, float(np.median(apart.min(axis=1))))


def projections_of(pictures: Pixels) -> Iterator[Floats]:
    """Yield for each level of the pyramid its normalised patches along 128 directions, sorted."""
    shorter, channels = min(pictures.shape[1:3]), pictures.shape[3]
    side = min(PATCH, shorter)
    for number in range(len(levels_of(shorter))):
        random = np.random.default_rng([0, number])
        directions = random.standard_normal((channels * side**2, TICK_DIRECTIONS)).astype(
            np.float32
        )
        directions /= np.linalg.norm(directions, axis=0)
        parts: list[Floats] = []
        for start in range(0, len(pictures), TICK_PICTURES_AT_ONCE):
            images = (
                torch.from_numpy(pictures[start : start + TICK_PICTURES_AT_ONCE])
                .permute(0, 3, 1, 2)
                .float()
            )
            level = laplacian_level(images.contiguous(), number).numpy()
            parts.append(cut_patches(level, random, TICK_PATCHES, side))
        cloud = np.concatenate(parts)  # [N * 16, C, side * side]
        cloud -= cloud.mean(axis=(0, 2), keepdims=True)
        deviation = cloud.std(axis=(0, 2), keepdims=True)
        cloud /= np.where(deviation == 0.0, np.float32(1.0), deviation)
        yield sorted_projections(cloud.reshape(len(cloud), -1), directions)
