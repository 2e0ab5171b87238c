"""One trial of the benchmark."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.pixels import from_pixels
from tests.training.benchmark.stacks import STACKS, TRIAL, weights_of
from training.benchmark import game
from training.benchmark.game import initial_state, take_trial_step, train_trial
from training.game.optimise import NonFiniteLossError
from training.objectives.losses import OBJECTIVES
from training.run_folder.checkpoint import load_newest


class StopError(Exception):
    """Ends a trial in its middle."""


@pytest.mark.parametrize(
    ("network", "objective"),
    [("k4", "rpgan-r1r2"), ("k4", "wgan-gp"), ("normal", "rpgan-r1r2")],
)
def test_a_stopped_trial_ends_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: str, objective: str
) -> None:
    """Stopped after a checkpoint and taken up again, or trained in one go: the same generator."""
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
    """The second call takes no step."""
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
        load_newest(tmp_path, initial_state(replace(TRIAL, network="k2")))


# ----------------------------------------------------------------------------------------
# Steps


def test_the_critic_of_wgan_gp_has_five_steps_for_one() -> None:
    """The generator stays as it is until the fifth step."""
    trial = replace(TRIAL, objective="wgan-gp")
    state = initial_state(trial)
    before = weights_of(state.generator)
    changed: list[bool] = []
    for step in range(5):
        take_trial_step(state, trial, STACKS, step * 8)
        after = weights_of(state.generator)
        changed.append(any((after[name] != before[name]).any() for name in before))

    assert changed == [False, False, False, False, True]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_trial_plays_every_objective(objective: str) -> None:
    """All that the command offers; the weights of a Wasserstein critic are clipped."""
    trial = replace(TRIAL, objective=objective, learning_rate=0.002, discriminator_rate=0.002)
    state = initial_state(trial)
    before = weights_of(state.discriminator)

    numbers = take_trial_step(state, trial, STACKS, 0)

    after = weights_of(state.discriminator)
    assert np.isfinite([*numbers.values()]).all()
    assert any((after[name] != before[name]).any() for name in after)
    assert (max(abs(value).max() for value in after.values()) <= 0.01) == (objective == "wgan")


@pytest.mark.parametrize("gamma", [0.1, 1.0])
def test_gamma_is_the_weight_of_r1_and_r2(gamma: float) -> None:
    """Whatever the batch: the penalty is half of gamma times the mean squared gradient."""
    trial = replace(TRIAL, batch_size=6, gamma=gamma)
    state = initial_state(trial)
    reals = from_pixels(torch.from_numpy(STACKS.batch(0, 6))).requires_grad_(True)
    (gradient,) = torch.autograd.grad(state.discriminator(reals).sum(), reals)
    squared = gradient.square().sum(dim=(1, 2, 3)).mean().item()

    numbers = take_trial_step(state, trial, STACKS, 0)

    assert numbers["r1"] == pytest.approx(gamma / 2 * squared, rel=1e-5)


@pytest.mark.parametrize(
    ("rates", "moved"), [((0.0, 0.01), "discriminator"), ((0.01, 0.0), "generator")]
)
def test_each_network_learns_at_its_own_rate(rates: tuple[float, float], moved: str) -> None:
    """The one whose rate is nothing stays where it was."""
    trial = replace(TRIAL, learning_rate=rates[0], discriminator_rate=rates[1])
    state = initial_state(trial)
    networks = {"generator": state.generator, "discriminator": state.discriminator}
    before = {name: weights_of(network) for name, network in networks.items()}

    take_trial_step(state, trial, STACKS, 0)

    for name, network in networks.items():
        after = weights_of(network)
        changed = any((after[key] != before[name][key]).any() for key in after)
        assert changed == (name == moved), name


@pytest.mark.parametrize(("shown", "left"), [(0, 1.0), (32, 0.5), (48, 0.1464)])
def test_only_the_generator_slows_down(shown: int, left: float) -> None:
    """Adam's first step is as long as its rate: one falls along half a cosine, the other not."""
    trial = replace(TRIAL, learning_rate=0.002, discriminator_rate=0.01)
    state = initial_state(trial)
    steps = {"generator": 0.002 * left, "discriminator": 0.01}
    networks = {"generator": state.generator, "discriminator": state.discriminator}
    before = {name: weights_of(network) for name, network in networks.items()}

    take_trial_step(state, trial, STACKS, shown)

    for name, network in networks.items():
        after = weights_of(network)
        longest = max(abs(after[key] - before[name][key]).max() for key in after)
        assert longest == pytest.approx(steps[name], rel=0.01), name


def test_a_trial_that_breaks_down_says_what_to_try() -> None:
    """With an option of this command."""
    state = initial_state(TRIAL)
    state.discriminator.get_parameter("score.weight").data.fill_(float("nan"))

    with pytest.raises(NonFiniteLossError, match=r"not finite after 8 images.*--learning-rate$"):
        take_trial_step(state, TRIAL, STACKS, 8)
