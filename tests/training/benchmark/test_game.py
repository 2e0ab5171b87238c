"""One trial of the benchmark."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.benchmark.stacks import STACKS, TRIAL, weights_of
from training.benchmark import game
from training.benchmark.game import train_trial
from training.benchmark.pair import Game
from training.run.checkpoint import load_newest


class StopError(Exception):
    """Ends a trial in its middle."""


@pytest.mark.parametrize(
    ("network", "objective"),
    [("k4", "rpgan-r1r2"), ("k4", "wgan-gp"), ("normal", "rpgan-r1r2")],
)
def test_a_stopped_trial_ends_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: str, objective: str
) -> None:
    """Stopped after a checkpoint and taken up again, or played in one go: the same generator."""
    monkeypatch.setattr(game, "CHECKPOINT_IMAGES", 24)
    trial = replace(TRIAL, network=network, objective=objective)
    told: list[int] = []

    def stop(shown: int, _speed: float, _losses: str) -> None:
        if shown == 48:
            raise StopError

    straight, _ = train_trial(
        trial, STACKS, tmp_path / "straight", lambda shown, *_: told.append(shown)
    )
    with pytest.raises(StopError):
        train_trial(trial, STACKS, tmp_path / "stopped", stop)
    resumed, progress = train_trial(trial, STACKS, tmp_path / "stopped", lambda *_: None)

    assert told == [24, 48, 64]
    assert progress.images_shown == 64
    for name, value in weights_of(straight).items():
        np.testing.assert_array_equal(weights_of(resumed)[name], value, err_msg=name)


def test_a_finished_trial_is_only_read(tmp_path: Path) -> None:
    """The second call plays no turn."""
    first, _ = train_trial(TRIAL, STACKS, tmp_path, lambda *_: None)
    told: list[int] = []
    again, _ = train_trial(TRIAL, STACKS, tmp_path, lambda shown, *_: told.append(shown))

    assert told == []
    for name, value in weights_of(first).items():
        np.testing.assert_array_equal(weights_of(again)[name], value, err_msg=name)


def test_another_network_is_refused(tmp_path: Path) -> None:
    """A checkpoint of K/4 does not fit K/2."""
    train_trial(TRIAL, STACKS, tmp_path, lambda *_: None)

    with pytest.raises(ValueError, match="another network"):
        load_newest(tmp_path, Game(replace(TRIAL, network="k2"), STACKS).players)
