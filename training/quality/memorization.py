"""Does the generator remember? All training pictures are searched for what it draws.

Owns the order of that: candidates, a look at them, their distances, the number and the sheet. Knows
no network; how pictures are looked at is passed in.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.data.stream import Prepared
from training.quality.candidates import duplicates_of, with_copy_candidates
from training.quality.feature_metrics import measure_neighbour_ratio
from training.quality.neighbours import nearest_neighbours, sheet_of
from training.quality.networks.efficientnet import Features
from training.quality.pictures import PictureSet
from training.quality.report import Metric

ExtractFeatures = Callable[[PictureSet], Features]


@dataclass(frozen=True)
class Memorization:
    """What was found.

    Attributes:
        ratio: of distances, for the report.
        sheet: generated pictures beside their nearest training pictures, PNG.
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
) -> Memorization:
    """How near generated pictures are to any training picture, beside those to each other.

    Args:
        sets: some real pictures, and generated ones.
        features: theirs.
        look: gives those of other pictures, at most one for each picture of both sets.
        prepared: all training pictures.
        resolution: of both sets.
        seen: which features these are, in words.

    Raises:
        ValueError: fewer than two real pictures, or no generated one.
    """
    real, generated = sets
    searched = with_copy_candidates(real, generated, prepared, resolution)
    known = np.concatenate([features[0], extract(searched.after(len(real)))])
    equal = duplicates_of(searched)
    found = nearest_neighbours(known, features[1], duplicates=equal, measured=len(real))
    sheet = io.BytesIO()
    sheet_of(searched, generated, found).save(sheet, format="PNG")
    ratio = measure_neighbour_ratio(found, prepared.count, len(searched), features_name)
    return Memorization(ratio, sheet.getvalue())
