"""The score of a generator: one number by which trials are compared, and what it is made of.

Owns both scores, that of the quick metrics and that of a reader of parts. 1 is as good as real
pictures, lower is better. Knows no trial and no time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

import numpy as np

from models.family import ImageGenerator
from models.growth import Growth
from models.resolution import level_of
from training.config.groups import ConfigError
from training.data.stream import Prepared
from training.quality.parts.keeping import open_reader, reason_without_reader, split_of
from training.quality.parts.score import PartScore, score_parts
from training.quality.pictures import PictureSet, choose_real
from training.quality.swd import SCALE
from training.quality.tick_metrics import TICK_FIRST_SEED, TickMetrics, statistics_of
from training.rendering import render
from training.tuning.outcome import PARTS_SCORE, TuningRequest

MOST_SCORED, FEWEST_SCORED = 1_024, 2  # pictures; few ones differ from each other by chance
LEAST = 0.01  # of a share or a ratio: a collapse multiplies the score by 100, not more

Scorer = Callable[[ImageGenerator], dict[str, float]]  # fields of `Measurement`


def combined_score(numbers: Mapping[str, float], real_swd: float) -> float:
    """Score of pictures: their SWD relative to that of real pictures, worse if they lack variety.

    `swd / real_swd * max(1, 1 / diversity) * max(1, 1 / distinctness)`: 1 is as good as real
    pictures, lower is better. More variety than real pictures have is not rewarded.

    Args:
        numbers: `swd`, `diversity` and `distinctness` of `training.quality.tick_metrics`.
        real_swd: that of two sets of real pictures.
    """
    lacking = [max(LEAST, numbers[name]) for name in ("diversity", "distinctness")]
    return numbers["swd"] / real_swd * prod(max(1.0, 1.0 / each) for each in lacking)


def score_metrics(prepared: Prepared, pictures: int) -> TickMetrics:
    """Quick metrics over so many pictures, whatever the length of a tick."""
    metrics = TickMetrics(prepared, 1)
    metrics.wanted = pictures
    return metrics


def score_pictures(prepared: Prepared, resolution: int) -> int:
    """Number of pictures of a score, at most 1,024: two disjoint sets of real ones are needed.

    Raises:
        ConfigError: there are fewer than four pictures.
    """
    wanted = min(MOST_SCORED, prepared.count // 2)
    if wanted < FEWEST_SCORED:
        raise ConfigError(f"{prepared.folder} has {prepared.count} pictures, a score needs four")
    return score_metrics(prepared, wanted).count_at(Growth(level_of(resolution)))


def swd_of_real(prepared: Prepared, resolution: int, pictures: int) -> float:
    """Quick SWD x1000 between two disjoint sets of real pictures; above 0."""
    chosen = choose_real(prepared.images(resolution), 2 * pictures, seed=0)
    halves = [statistics_of(np.concatenate([*part.batches(64)]))
              for part in (chosen.first(pictures), chosen.after(pictures))]  # fmt: skip
    pairs = zip(halves[0].projections, halves[1].projections, strict=True)
    distances = [float(np.abs(a - b).mean(dtype=np.float64)) for a, b in pairs]
    return max(1e-3, SCALE * float(np.mean(distances)))


def parts_score(drawn: PartScore, real: PartScore) -> float:
    """Score of pictures by a reader of parts, relative to held-out real pictures.

    `max(1, sure of real / sure) * (1 + excess of distance) * (1 + excess of KID)`: the share of
    pictures of whose every part the reader is sure, the mean distance of the shares of values, and
    KID over the reader's features.
    """
    unsure = max(1.0, max(LEAST, real.all_sure) / max(LEAST, drawn.all_sure))
    excess = (drawn.distance - real.distance, drawn.kid - real.kid)
    return unsure * prod(1.0 + max(0.0, each) for each in excess)


def require_parts(prepared: Prepared, resolution: int) -> None:
    """Train the reader of a prepared folder, if it keeps none.

    Raises:
        ConfigError: no reader can be had for these pictures.
    """
    if reason := reason_without_reader(prepared, resolution):
        raise ConfigError(f"--score parts: {reason}; use --score quick")
    open_reader(prepared, resolution)


def scorer_of(prepared: Prepared, request: TuningRequest) -> Scorer:
    """Scorer of generators at the resolution of a search."""
    growth = Growth(level_of(request.resolution))
    metrics = score_metrics(prepared, request.pictures)
    parts = parts_scorer(prepared, request) if request.score == PARTS_SCORE else None

    def measure(average: ImageGenerator) -> dict[str, float]:
        numbers = metrics.measure(average, growth)
        if parts:
            return numbers | parts(average)
        return numbers | {"score": combined_score(numbers, request.real_swd)}

    return measure


def parts_scorer(prepared: Prepared, request: TuningRequest) -> Scorer:
    """Scorer by the reader that is kept in the prepared folder."""
    growth = Growth(level_of(request.resolution))
    reader, split = open_reader(prepared, request.resolution), split_of(prepared.count)
    array = prepared.images(reader.resolution)
    count = min(MOST_SCORED, len(split.reference))
    reference = reader.read(PictureSet(array, split.reference[:count]))
    apart = reader.read(PictureSet(array, split.apart[:count]))
    real = score_parts(reader, reference, apart)
    numbers = np.arange(count)

    def measure(average: ImageGenerator) -> dict[str, float]:
        pictures = render(average, range(TICK_FIRST_SEED, TICK_FIRST_SEED + count), growth)
        drawn = score_parts(reader, reference, reader.read(PictureSet(pictures, numbers)))
        return {
            "score": parts_score(drawn, real),
            "all_sure": drawn.all_sure,
            "parts_distance": drawn.distance,
            "parts_kid": drawn.kid,
        }

    return measure
