"""The score of pictures by a reader of parts, beside real ones.

Owns the numbers: shares of recognised parts, distances of their frequencies, combinations, and KID
and recall over the reader's features. Knows no network, no file and no table.

Precision over these features is left out: pictures without recognisable parts lie within the
manifold of the real ones, too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from models.strict_json import STRICT
from training.progress_bar import OnProgress, ignore_progress
from training.quality.distances import NEIGHBOURS, kernel_distance, precision_and_recall
from training.quality.features import Features
from training.quality.parts.known import SHAPE
from training.quality.parts.reader import PartReader, Reading

SCORED_PICTURES = 1_024  # of each set, if so many are held out


@dataclass(frozen=True, config=STRICT)
class PartScore:
    """Score of some pictures by a reader; shares from 0 to 1.

    Attributes:
        pictures: number of them.
        all_sure: share of pictures of whose every part the reader is sure.
        shapes_sure: the same for shapes alone, without colours.
        sure: part -> share of pictures in which it is recognised.
        distance: mean of `distances`.
        distances: part -> total variation distance between the frequencies of its values in the
            pictures where it is recognised, and in the data; 0 if equal, 1 if it never is.
        combinations: different combinations of shapes, among pictures whose every shape is sure;
            of all parts where fewer than two shapes are judged.
        kid: kernel distance over the reader's features.
        kid_deviation: its standard deviation over subsets.
        recall: share of real pictures within the manifold of these (k = 3).
    """

    pictures: int
    all_sure: float
    shapes_sure: float
    sure: dict[str, float]
    distance: float
    distances: dict[str, float]
    combinations: int
    kid: float
    kid_deviation: float
    recall: float


def score_parts(
    reader: PartReader,
    reference: Reading,
    shown: Reading,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> PartScore:
    """Score the pictures of `shown` against the real ones of `reference`.

    Both are cut to the same number of pictures.

    Raises:
        ValueError: not more than three pictures.
    """
    count = min(len(reference.values), len(shown.values))
    if count <= NEIGHBOURS:
        raise ValueError(f"a score of parts needs more than {NEIGHBOURS} pictures of each set")
    reference, shown = reference.first(count), shown.first(count)
    judged = reader.judged
    shapes = [n for n in judged if reader.parts[n].kind == SHAPE] or list(judged)
    sure = shown.sure
    distances = {
        reader.parts[n].name: distance_of(shown.values[sure[:, n], n], reader.shares[n])
        for n in judged
    }
    scale = np.sqrt(np.square(reference.features, dtype=np.float64).mean()) or 1.0
    clouds = of_unit_square(reference.features, scale), of_unit_square(shown.features, scale)
    kid = kernel_distance(*clouds, seed, on_progress)
    combined = shapes if len(shapes) > 1 else list(judged)
    whole = shown.values[sure[:, combined].all(axis=1)]
    return PartScore(
        pictures=count,
        all_sure=float(sure[:, judged].all(axis=1).mean()),
        shapes_sure=float(sure[:, shapes].all(axis=1).mean()),
        sure={reader.parts[n].name: float(sure[:, n].mean()) for n in judged},
        distance=float(np.mean([*distances.values()])),
        distances=distances,
        combinations=len(np.unique(whole[:, combined], axis=0)),
        kid=kid.mean,
        kid_deviation=kid.deviation,
        recall=precision_and_recall(*clouds).recall,
    )


def distance_of(values: NDArray[np.int64], shares: NDArray[np.float64]) -> float:
    """Total variation distance of the frequencies of `values` `[n]` and `shares` `[V]`."""
    if not len(values):
        return 1.0
    found = np.bincount(values, minlength=len(shares)) / len(values)
    return float(np.abs(found - shares).sum() / 2.0)


def of_unit_square(features: Features, scale: float) -> Features:
    """Divide features by `scale`: then those of real pictures have unit mean square."""
    return (features / scale).astype(np.float32)
