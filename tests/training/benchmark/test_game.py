"""One trial of the benchmark."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from training.benchmark import game
from training.benchmark.digits import Digits, StackedDigits
from training.benchmark.game import Pair, Trial, play, play_turn
from training.checkpoint import load_newest

TRIAL = Trial("k4", "rpgan-r1r2", seed=3, images=64, batch_size=8)
DIGITS = Digits(
    np.random.default_rng(0).integers(0, 256, (50, 32, 32), np.uint8), np.zeros(50, np.uint8)
)
STACKS = StackedDigits(DIGITS, seed=3, stacks=100)


class StopError(Exception):
    """Ends a trial in its middle."""


def weights_of(network: torch.nn.Module) -> dict[str, np.ndarray]:
    """All weights as arrays."""
    return {name: value.numpy().copy() for name, value in network.state_dict().items()}


@pytest.mark.parametrize("objective", ["rpgan-r1r2", "wgan-gp"])
def test_a_stopped_trial_ends_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objective: str
) -> None:
    """Stopped after a checkpoint and taken up again, or played in one go: the same generator."""
    monkeypatch.setattr(game, "CHECKPOINT_IMAGES", 24)
    trial = replace(TRIAL, objective=objective)
    told: list[int] = []

    def stop(shown: int, _speed: float, _losses: str) -> None:
        if shown == 48:
            raise StopError

    straight, _ = play(trial, STACKS, tmp_path / "straight", lambda shown, *_: told.append(shown))
    with pytest.raises(StopError):
        play(trial, STACKS, tmp_path / "stopped", stop)
    resumed, progress = play(trial, STACKS, tmp_path / "stopped", lambda *_: None)

    assert told == [24, 48, 64]
    assert progress.images_shown == 64
    for name, value in weights_of(straight).items():
        np.testing.assert_array_equal(weights_of(resumed)[name], value, err_msg=name)


def test_a_finished_trial_is_only_read(tmp_path: Path) -> None:
    """The second call plays no turn."""
    first, _ = play(TRIAL, STACKS, tmp_path, lambda *_: None)
    told: list[int] = []
    again, _ = play(TRIAL, STACKS, tmp_path, lambda shown, *_: told.append(shown))

    assert told == []
    for name, value in weights_of(first).items():
        np.testing.assert_array_equal(weights_of(again)[name], value, err_msg=name)


def test_the_critic_of_wgan_gp_has_five_turns_for_one() -> None:
    """The generator stays as it is until the fifth turn."""
    trial = replace(TRIAL, objective="wgan-gp")
    pair = Pair.create(trial)
    before = weights_of(pair.generator)
    changed: list[bool] = []
    for turn in range(5):
        play_turn(pair, trial, STACKS, turn * 8, turn)
        after = weights_of(pair.generator)
        changed.append(any((after[name] != before[name]).any() for name in before))

    assert changed == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("rates", "moved"), [((0.0, 0.01), "discriminator"), ((0.01, 0.0), "generator")]
)
def test_each_player_learns_at_its_own_rate(rates: tuple[float, float], moved: str) -> None:
    """The one whose rate is nothing stays where it was."""
    trial = replace(TRIAL, learning_rate=rates[0], discriminator_rate=rates[1])
    pair = Pair.create(trial)
    players = {"generator": pair.generator, "discriminator": pair.discriminator}
    before = {name: weights_of(network) for name, network in players.items()}

    play_turn(pair, trial, STACKS, 0, 0)

    for name, network in players.items():
        after = weights_of(network)
        changed = any((after[key] != before[name][key]).any() for key in after)
        assert changed == (name == moved), name


def test_another_network_is_refused(tmp_path: Path) -> None:
    """A checkpoint of K/4 does not fit K/2."""
    play(TRIAL, STACKS, tmp_path, lambda *_: None)

    with pytest.raises(ValueError, match="another network"):
        load_newest(tmp_path, Pair.create(replace(TRIAL, network="k2")))
