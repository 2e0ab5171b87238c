"""Which of all training pictures are worth a look through a network, and which of them are equal.

Owns the choice of those that generated pictures may be copies of. It is the same for real ones, so
that both can be compared. Knows no feature and no metric.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from models.picture import Pixels
from training.data.stream import Indices, Prepared
from training.quality.coarse_search import COARSE_SIZE, downsample_to, nearest_pixels, to_points
from training.quality.pictures import PictureSet

RERANK_SIZE = 64  # pixels
RERANKED = 8  # of the pictures most alike at a glance, the one most alike at 64 px is chosen
QUERIES_AT_ONCE = 256  # pictures

COARSE_SEARCH_METHOD = (
    f"by colour at {COARSE_SIZE} px, the best {RERANKED} again at {RERANK_SIZE} px"
)


def with_copy_candidates(
    real: PictureSet, generated: PictureSet, prepared: Prepared, resolution: int
) -> PictureSet:
    """`real`, and after it those of all training pictures that look most like one of either set.

    One for each picture, so there are at most `len(real) + len(generated)` more. For a real picture
    it is the one most like it that is not equal to it, wherever one of eight differs.

    Args:
        real: some of the training pictures.
        generated: pictures of the same size.
        prepared: all of the training pictures.
        resolution: of both sets.
    """
    chosen = [int(ranked[0]) for _, ranked in _ranked(generated, prepared, resolution, RERANKED)]
    for picture, ranked in _ranked(real, prepared, resolution, RERANKED + 1):
        others = (n for n in ranked.tolist() if not np.array_equal(real.array[n], picture))
        if (other := next(others, None)) is not None:
            chosen.append(other)
    further = np.setdiff1d(np.array(chosen, np.int64), real.numbers)
    return PictureSet(real.array, np.concatenate([real.numbers, further]))


def _ranked(
    pictures: PictureSet, prepared: Prepared, resolution: int, k: int
) -> Iterator[tuple[Pixels, Indices]]:
    """Each picture, and the numbers of k training pictures, those most like it first."""
    small, closer = (prepared.images(min(size, resolution)) for size in (COARSE_SIZE, RERANK_SIZE))
    everyone = np.arange(prepared.count)
    shrunk = [downsample_to(some, small.shape[1]) for some in pictures.batches(QUERIES_AT_ONCE)]
    glanced = nearest_pixels(to_points(np.concatenate(shrunk)), small, everyone, k)
    done = 0
    for some in pictures.batches(QUERIES_AT_ONCE):
        seen = to_points(downsample_to(some, closer.shape[1]))
        for picture, point, numbers in zip(some, seen, glanced[done:], strict=False):
            squares = np.square(to_points(closer[numbers]) - point).sum(axis=1)
            yield picture, numbers[np.argsort(squares, kind="stable")]
        done += len(some)


def duplicates_of(pictures: PictureSet) -> Indices:
    """For each picture the place of the first that is equal to it in every byte, `[n]`."""
    first: dict[bytes, int] = {}
    return np.array(
        [
            first.setdefault(hashlib.sha256(picture.tobytes()).digest(), place)
            for place, picture in enumerate(pictures.batches(1))
        ],
        np.int64,
    )
