"""The scores by which trials are compared."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.data.stream import Prepared
from training.game.state import TrainingState
from training.quality.parts.reader import PartReader
from training.quality.parts.score import PartScore
from training.tuning.outcome import PARTS_SCORE, Measurement, TuningRequest
from training.tuning.score import (
    combined_score,
    parts_score,
    require_parts,
    score_pictures,
    scorer_of,
    swd_of_real,
)


def test_the_score_of_real_pictures_is_one_and_lack_of_variety_is_worse() -> None:
    """More variety than real pictures have is not rewarded; a collapse stays finite."""
    real = {"swd": 20.0, "diversity": 1.0, "distinctness": 1.0}

    assert combined_score(real, 20.0) == 1.0
    assert combined_score({**real, "diversity": 0.5}, 20.0) == 2.0
    assert combined_score({**real, "diversity": 0.5, "distinctness": 0.25}, 20.0) == 8.0
    assert combined_score({**real, "distinctness": 3.0}, 20.0) == 1.0
    assert combined_score({**real, "diversity": 0.0, "distinctness": 0.0}, 20.0) == 10_000.0


def test_real_pictures_are_compared_in_two_disjoint_sets(
    prepared: Prepared, make_prepared: Callable[..., Prepared]
) -> None:
    """So there must be four of them."""
    assert score_pictures(prepared, 8) == 6
    assert swd_of_real(prepared, 8, 6) > 1.0
    with pytest.raises(ConfigError, match="has 3 pictures, a score needs four"):
        score_pictures(make_prepared(count=3), 8)


def test_the_score_of_parts_is_relative_to_held_out_pictures() -> None:
    """Better numbers than theirs are not rewarded; without any recognised part it stays finite."""
    real = PartScore(
        pictures=9,
        all_sure=0.8,
        shapes_sure=0.8,
        sure={},
        distance=0.1,
        distances={},
        combinations=3,
        kid=0.0,
        kid_deviation=0.0,
        recall=0.9,
    )

    assert parts_score(real, real) == 1.0
    assert parts_score(replace(real, all_sure=0.9, distance=0.05, kid=-0.1), real) == 1.0
    assert parts_score(replace(real, all_sure=0.4), real) == pytest.approx(2.0)
    assert parts_score(replace(real, distance=0.6, kid=1.0), real) == pytest.approx(3.0)
    assert parts_score(replace(real, all_sure=0.0), real) == pytest.approx(80.0)


def test_generators_are_scored_by_the_reader_of_the_data(
    config: TrainingConfig, patterns: Prepared, reader: PartReader, request_: TuningRequest
) -> None:
    """The quick metrics are measured beside; an untrained generator is far from real."""
    assert reader.resolution == 8
    require_parts(patterns, 8)
    average = TrainingState.create(config, torch.device("cpu")).average
    asked = replace(request_, score=PARTS_SCORE)

    measured = Measurement(50, 4, 1.0, **scorer_of(patterns, asked)(average))

    assert measured.score > 1.0
    assert measured.all_sure is not None
    assert measured.all_sure < 0.5
    assert measured.swd > 0


def test_data_without_parts_is_refused(prepared: Prepared) -> None:
    """With the reason, and what to do."""
    with pytest.raises(ConfigError, match="--score parts: .*; use --score quick"):
        require_parts(prepared, 8)
