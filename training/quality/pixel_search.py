"""Nearest pictures of a data set by pixels: the search for copies.

Owns the search in two passes (all pictures at 16 px, then the nearest of them again at 64 px), and
the downsampling for it. Knows no network, run or sheet.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from models.picture import Pixels
from training.data.stream import Indices, Prepared
from training.progress_bar import OnProgress, ignore_progress, tracked
from training.quality.distances import Cloud
from training.quality.pictures import PictureSet, pictures_at

COARSE_SIZE = 16  # pixels
RERANK_SIZE = 64  # pixels
RERANKED = 8  # number of the pictures nearest at 16 px that are compared again at 64 px
SEARCHED_AT_ONCE = 4_096  # pictures that are searched
POINTS_AT_ONCE = 1_024
QUERIES_AT_ONCE = 256  # pictures

SEARCH_METHOD = f"by colour at {COARSE_SIZE} px, the best {RERANKED} again at {RERANK_SIZE} px"


def rank_by_pixels(
    pictures: PictureSet,
    prepared: Prepared,
    resolution: int,
    k: int = RERANKED,
    among: Indices | None = None,
    on_progress: OnProgress = ignore_progress,
) -> Iterator[tuple[Pixels, Indices]]:
    """Yield each picture `[H, W, C]` with the indices of the `k` nearest training pictures.

    They are the `k` nearest at 16 px, sorted by their distances at 64 px, nearest first.

    Args:
        pictures: of the data set or generated.
        prepared: the training pictures.
        resolution: of `pictures`.
        k: number of nearest pictures; fewer if fewer are searched.
        among: indices of the training pictures that are searched; None for all.
        on_progress: called with the number of blocks of the data set searched and the total.
    """
    small, larger = (prepared.images(min(size, resolution)) for size in (COARSE_SIZE, RERANK_SIZE))
    searched = np.arange(prepared.count) if among is None else among
    shrunk = [downsample_to(some, small.shape[1]) for some in pictures.batches(QUERIES_AT_ONCE)]
    points = to_points(np.concatenate(shrunk))
    found = searched[nearest_pixels(points, small, searched, k, on_progress)]
    done = 0
    for some in pictures.batches(QUERIES_AT_ONCE):
        queries = to_points(downsample_to(some, larger.shape[1]))
        for picture, point, numbers in zip(some, queries, found[done:], strict=False):
            squares = np.square(to_points(pictures_at(larger, numbers)) - point).sum(axis=1)
            yield picture, numbers[np.argsort(squares, kind="stable")]
        done += len(some)


def nearest_pixels(
    points: Cloud,
    array: Pixels,
    numbers: Indices,
    k: int,
    on_progress: OnProgress = ignore_progress,
) -> Indices:
    """Find the pictures nearest to each of `points` `[n, D]`: positions in `numbers`, `[n, k]`.

    Nearest first; fewer than k if `numbers` has fewer. Memory holds only one block of the pictures
    and the nearest found so far.
    """
    k = min(k, len(numbers))
    squares = np.empty((len(points), 0), np.float32)
    places = np.empty((len(points), 0), np.int64)
    for start in tracked(range(0, len(numbers), SEARCHED_AT_ONCE), on_progress):
        some = to_points(pictures_at(array, numbers[start : start + SEARCHED_AT_ONCE]))
        found = [
            _keep_nearest(points[rows], some, squares[rows], places[rows], start, k)
            for rows in _pieces(len(points))
        ]
        squares, places = (np.concatenate(each) for each in zip(*found, strict=True))
    return np.take_along_axis(places, np.argsort(squares, axis=1, kind="stable"), axis=1)


def _pieces(count: int) -> list[slice]:
    """Slices that cover `count` points; at least one slice, even if it is empty."""
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
    """Merge earlier results with `some`, whose positions begin at `start`; keep the k nearest."""
    # The squared norm of the query is left out: it is the same for all pictures.
    new = np.square(some).sum(axis=1) - 2.0 * (points @ some.T)
    squares = np.concatenate([squares, new.astype(np.float32)], axis=1)
    numbered = np.arange(start, start + len(some))[None].repeat(len(points), axis=0)
    places = np.concatenate([places, numbered], axis=1)
    if squares.shape[1] <= k:
        return squares, places
    kept = np.sort(np.argpartition(squares, k - 1, axis=1)[:, :k], axis=1)
    return np.take_along_axis(squares, kept, axis=1), np.take_along_axis(places, kept, axis=1)


def to_points(pictures: Pixels) -> Cloud:
    """Flatten pictures `[N, H, W, C]` to points `[N, H * W * C]` in [0, 1]."""
    return pictures.reshape(len(pictures), -1).astype(np.float32) / np.float32(255.0)


def downsample_to(pictures: Pixels, size: int) -> Pixels:
    """Halve pictures `[N, H, W, C]` by 2x2 means until their height is at most `size`."""
    while pictures.shape[1] > size:
        n, height, width, channels = pictures.shape
        blocks = pictures.reshape(n, height // 2, 2, width // 2, 2, channels)
        pictures = np.rint(blocks.mean(axis=(2, 4), dtype=np.float32)).astype(np.uint8)
    return pictures
