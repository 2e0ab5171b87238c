"""Which of very many pictures look alike at a glance: a quick search by colour in small pictures.

Owns that search and how pictures are made small for it. Knows no network, no run and no sheet.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.picture import Pixels
from training.data.stream import Indices
from training.quality.distances import Cloud

COARSE_SIZE = 16  # pixels
SEARCHED_AT_ONCE = 4_096  # pictures that are searched
POINTS_AT_ONCE = 1_024


def nearest_pixels(points: Cloud, array: Pixels, numbers: Indices, k: int) -> Indices:
    """For each of `points` `[n, D]`, places in `numbers` of the nearest pictures: `[n, k]`.

    Nearest first; fewer than k where there are fewer. However many are searched, memory holds
    a piece of them and what was found so far.
    """
    k = min(k, len(numbers))
    squares = np.empty((len(points), 0), np.float32)
    places = np.empty((len(points), 0), np.int64)
    for start in range(0, len(numbers), SEARCHED_AT_ONCE):
        some = to_points(np.asarray(array[numbers[start : start + SEARCHED_AT_ONCE]]))
        found = [
            _keep_nearest(points[rows], some, squares[rows], places[rows], start, k)
            for rows in _pieces(len(points))
        ]
        squares, places = (np.concatenate(each) for each in zip(*found, strict=True))
    return np.take_along_axis(places, np.argsort(squares, axis=1, kind="stable"), axis=1)


def _pieces(count: int) -> list[slice]:
    """At least one, though it be empty."""
    starts = range(0, max(1, count), POINTS_AT_ONCE)
    return [slice(start, start + POINTS_AT_ONCE) for start in starts]


def _keep_nearest(
    points: Cloud,
    some: Cloud,
    squares: NDArray[np.float32],
    places: Indices,
    start: int,
    k: int,
) -> tuple[NDArray[np.float32], Indices]:
    """Of what was found before and of `some`, whose places begin at `start`, the k nearest."""
    # The length of a point itself is left out: it is the same for all.
    new = np.square(some).sum(axis=1) - 2.0 * (points @ some.T)
    squares = np.concatenate([squares, new.astype(np.float32)], axis=1)
    numbered = np.arange(start, start + len(some))[None].repeat(len(points), axis=0)
    places = np.concatenate([places, numbered], axis=1)
    if squares.shape[1] <= k:
        return squares, places
    kept = np.sort(np.argpartition(squares, k - 1, axis=1)[:, :k], axis=1)
    return np.take_along_axis(squares, kept, axis=1), np.take_along_axis(places, kept, axis=1)


def to_points(pictures: Pixels) -> Cloud:
    """Pictures `[N, H, W, C]` as points `[N, H * W * C]` in [0, 1]."""
    return pictures.reshape(len(pictures), -1).astype(np.float32) / np.float32(255.0)


def downsample_to(pictures: Pixels, size: int) -> Pixels:
    """Pictures `[N, H, W, C]` averaged over blocks, until none is higher than `size`."""
    while pictures.shape[1] > size:
        n, height, width, channels = pictures.shape
        blocks = pictures.reshape(n, height // 2, 2, width // 2, 2, channels)
        pictures = np.rint(blocks.mean(axis=(2, 4), dtype=np.float32)).astype(np.uint8)
    return pictures
