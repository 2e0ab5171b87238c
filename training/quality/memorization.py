"""Memorisation test: search all training pictures for near copies of generated pictures.

Owns the sequence: candidates by pixels, their features, distances between features, the ratio for
the report, and the sheet. Knows no network; the extraction of features is passed in.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.picture import Pixels, in_eight_bits
from training.data.stream import Indices, Prepared
from training.progress_bar import OnProgress, OpenProgress, progress_bar
from training.quality.features import Features
from training.quality.neighbours import Neighbours, nearest_neighbours, sheet_of
from training.quality.pictures import PictureSet
from training.quality.pixel_search import RERANKED, SEARCH_METHOD, rank_by_pixels
from training.quality.report import Metric, metric_entry

ExtractFeatures = Callable[[PictureSet, OnProgress], Features]


@dataclass(frozen=True)
class Memorization:
    """The result of the test.

    Attributes:
        ratio: ratio of distances, an entry of the report.
        sheet: PNG of generated pictures beside their nearest training pictures.
    """

    ratio: Metric
    sheet: bytes


def measure_memorization(
    sets: tuple[PictureSet, PictureSet],
    features: tuple[Features, Features],
    extract: ExtractFeatures,
    prepared: Prepared,
    resolution: int,
    features_name: str,
    open_progress: OpenProgress = progress_bar,
) -> Memorization:
    """Compare the distances of generated to training pictures with those between training pictures.

    Args:
        sets: some real pictures, and generated ones.
        features: of both sets.
        extract: computes features of further training pictures, at most one for each picture of
            both sets.
        prepared: all training pictures.
        resolution: of both sets.
        features_name: description of the features, for the report.
        open_progress: opens the progress bar of each long part.

    Raises:
        ValueError: fewer than two real pictures, or no generated one.
    """
    real, generated = sets
    searched = with_copy_candidates(real, generated, prepared, resolution, open_progress)
    further = searched.after(len(real))
    with open_progress(f"features of {len(further):,} likely copies") as on_progress:
        known = np.concatenate([features[0], extract(further, on_progress)])
    equal = duplicates_of(searched)
    with open_progress("distances between features"):
        found = nearest_neighbours(known, features[1], duplicates=equal, measured=len(real))
    sheet = io.BytesIO()
    sheet_of(searched, generated, found).save(sheet, format="PNG")
    ratio = measure_neighbour_ratio(found, prepared.count, len(searched), features_name)
    return Memorization(ratio, sheet.getvalue())


def with_copy_candidates(
    real: PictureSet,
    generated: PictureSet,
    prepared: Prepared,
    resolution: int,
    open_progress: OpenProgress = progress_bar,
) -> PictureSet:
    """Append to `real` the nearest training picture, by pixels, of each picture of both sets.

    At most `len(real) + len(generated)` pictures are appended. For a real picture the first of its
    nearest ones that is not equal to it is used; none is, if all that were ranked are equal to it.

    Args:
        real: some of the training pictures.
        generated: pictures of the same size.
        prepared: all training pictures.
        resolution: of both sets.
        open_progress: opens the progress bar of each search.
    """
    title = f"nearest of {prepared.count:,} training pictures to"
    with open_progress(f"{title} generated ones") as on_progress:
        ranks = rank_by_pixels(generated, prepared, resolution, on_progress=on_progress)
        chosen = [int(ranked[0]) for _, ranked in ranks]
    with open_progress(f"{title} real ones") as on_progress:
        ranks = rank_by_pixels(real, prepared, resolution, RERANKED + 1, on_progress=on_progress)
        for picture, ranked in ranks:
            others = (n for n in ranked.tolist() if not is_equal(real.array[n], picture))
            if (other := next(others, None)) is not None:
                chosen.append(other)
    further = np.setdiff1d(np.array(chosen, np.int64), real.numbers)
    return PictureSet(real.array, np.concatenate([real.numbers, further]))


def is_equal(stored: Pixels, picture: Pixels) -> bool:
    """True if a picture of a data set is equal to one of a `PictureSet`, in 8 bits."""
    return np.array_equal(in_eight_bits(stored), picture)


def duplicates_of(pictures: PictureSet) -> Indices:
    """Index of the first picture that is equal in every byte, for each picture: `[n]`."""
    first: dict[bytes, int] = {}
    return np.array(
        [
            first.setdefault(hashlib.sha256(picture.tobytes()).digest(), place)
            for place, picture in enumerate(pictures.batches(1))
        ],
        np.int64,
    )


def measure_neighbour_ratio(
    found: Neighbours, searched: int, compared: int, features_name: str
) -> Metric:
    """Build the report entry of the ratio, with a description of the measurement.

    Args:
        found: nearest neighbours, with the ratios.
        searched: number of training pictures from which candidates were chosen.
        compared: number of training pictures whose features were compared.
        features_name: description of the features, for the report.
    """
    return metric_entry(
        found.ratio,
        f"median distance to the nearest of {searched:,} training pictures, over that from a "
        f"training picture to its nearest other, not equal one; all {searched:,} searched "
        f"{SEARCH_METHOD}, and {compared:,} compared: the best of each, and as many at "
        f"random; {features_name}; near 0 for copies; low: the 1st percentile in place of "
        "the first median, near 0 where one in a hundred is a copy; low_of_real: the same of "
        "training pictures, which is usual",
        low=found.low,
        low_of_real=found.low_of_real,
        searched=searched,
        of=searched,
        looked_at=compared,
    )
