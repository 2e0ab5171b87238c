"""Results on disk, read strictly, and the rows of their table."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from training.benchmark.results import (
    TrialResult,
    describe_trial,
    keep_trial,
    read_result,
    write_json,
)
from training.benchmark.score import ModeScore
from training.benchmark.trial import Trial
from training.config.config import ConfigError

RESULT = TrialResult(Trial("k4", "hinge", 0, 128), ModeScore(12.5, 3.0), 61.5, 640, 2)


def test_a_row_says_how_it_was_played() -> None:
    """So that rows of other settings are other rows."""
    trial = Trial("k4", "rpgan-r1r2", 0, 128, learning_rate=0.003, discriminator_rate=0.03)

    told = describe_trial(replace(trial, gamma=0.1))

    assert told == "rpgan-r1r2, gamma 0.1, learning rate 0.003 and 0.03, batch 64"
    assert describe_trial(replace(trial, objective="wgan-gp", discriminator_rate=None)) == (
        "wgan-gp, learning rate 0.003, batch 64"
    )


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    """Also a result of before pictures and draws were written down."""
    path = tmp_path / "result.json"
    write_json(path, RESULT)
    assert read_result(path) == RESULT

    old = asdict(RESULT)
    del old["pictures"], old["draws"]
    path.write_text(json.dumps(old))
    assert read_result(path) == replace(RESULT, pictures=0, draws=0)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("{", "the file: Invalid JSON"),
        ("[]", "the file: Input should be an object"),
        ('{"trial": 3}', "trial: Input should be an object"),
        (json.dumps(asdict(RESULT) | {"seconds": "many"}), "seconds: Input should be a valid num"),
        (json.dumps(asdict(RESULT) | {"draws": 2.5}), "draws: Input should be a valid integer"),
        (json.dumps(asdict(RESULT) | {"colour": "red"}), "colour: Unexpected keyword argument"),
        (json.dumps(asdict(RESULT) | {"score": {"modes": 1}}), "score.divergence: Field required"),
    ],
)
def test_a_damaged_result_is_named(tmp_path: Path, content: str, place: str) -> None:
    """With the place in it that is wrong, and what to do."""
    path = tmp_path / "result.json"
    path.write_text(content)

    with pytest.raises(ConfigError) as refused:
        read_result(path)
    assert str(refused.value).startswith(f"{path} is damaged ({place}")
    assert str(refused.value).endswith("): delete it to measure again")


def test_a_folder_keeps_one_trial(tmp_path: Path) -> None:
    """Another one is refused, the same goes on."""
    keep_trial(RESULT.trial, tmp_path)
    keep_trial(RESULT.trial, tmp_path)

    with pytest.raises(ConfigError, match=r"was begun as .*: repeat that, or choose another --out"):
        keep_trial(replace(RESULT.trial, seed=1), tmp_path)
