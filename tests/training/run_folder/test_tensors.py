"""The state of two players as named tensors: all of it, and only into networks like theirs."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from models.families.dcgan.config import DcganConfig
from tests.training.stepping import play
from tests.training.styled import tiny_stylegan
from training.config.config import TrainingConfig
from training.config.groups import LevelPlan
from training.config.presets import PRESETS
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.game.step import take_step
from training.run_folder.tensors import UnfitError, put_tensors, tensors_of

CPU = torch.device("cpu")


@pytest.fixture
def state(config: TrainingConfig) -> TrainingState:
    """Two steps into the fade: Adam has moments of every awake weight."""
    state = TrainingState.create(config, CPU)
    for images_shown in (32, 36):
        schedule = schedule_at(images_shown, config)
        size = schedule.growth.resolution
        pixels = np.random.default_rng(images_shown).integers(0, 256, (4, size, size, 3), np.uint8)
        take_step(state, schedule, config, pixels)
    return state


def test_every_weight_of_every_network_is_among_them(state: TrainingState) -> None:
    """Under the name of its network."""
    tensors = tensors_of(state)
    networks: dict[str, nn.Module] = {
        "generator": state.generator,
        "discriminator": state.discriminator,
        "average": state.average,
    }

    for title, network in networks.items():
        for name, value in network.state_dict().items():
            assert torch.equal(tensors[f"{title}/{name}"], value)


def test_adams_state_is_among_the_tensors(state: TrainingState) -> None:
    """For every weight that was awake, of both networks."""
    tensors = tensors_of(state)

    for key, count in (("step", 1), ("exp_avg", 1024), ("exp_avg_sq", 1024)):
        assert tensors[f"generator_adam/stem.dense.weight/{key}"].numel() == count
        assert f"discriminator_adam/head.score.bias/{key}" in tensors
    assert tensors["generator_adam/stem.dense.weight/step"].item() == 2.0


def test_what_was_put_in_comes_out_again(state: TrainingState, config: TrainingConfig) -> None:
    """Of players of another seed nothing remains."""
    other = TrainingState.create(replace(config, seed=1), CPU)
    expected = {name: value.clone() for name, value in tensors_of(state).items()}

    put_tensors(other, expected)

    found = tensors_of(other)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    ("missing", "unknown", "message"),
    [
        ("average/stem.dense.weight", None, "is of another network"),
        (None, "average/exits.9.bias", "has unknown tensors, among them average/exits.9.bias"),
        (None, "generator_adam/exits.9.bias/step", "has unknown tensors"),
    ],
)
def test_tensors_of_other_networks_are_refused(
    state: TrainingState, missing: str | None, unknown: str | None, message: str
) -> None:
    """One too few, or one too many."""
    tensors = tensors_of(state)
    if missing:
        del tensors[missing]
    if unknown:
        tensors[unknown] = torch.zeros(3)

    with pytest.raises(UnfitError, match=message):
        put_tensors(state, tensors)


@pytest.mark.parametrize("preset", ["wgan-32", "dcgan-32"])
def test_a_state_that_was_put_in_goes_on_as_the_other(preset: str) -> None:
    """With the moments of RMSprop, and with statistics of batch normalisation, to the bit."""
    config = replace(
        PRESETS[preset],
        network=DcganConfig(8, 3, 8, generator_maps=4, discriminator_maps=4),
        levels=(LevelPlan(4, 0, 0, 4), LevelPlan(8, 0, 80, 4, 0.001)),
    )
    first, again = (TrainingState.create(replace(config, seed=n), CPU) for n in (1, 2))
    for shown in range(0, 24, 4):
        play(first, config, shown)
    put_tensors(again, tensors_of(first))

    for shown in range(24, 48, 4):
        assert play(again, config, shown) == play(first, config, shown)
    expected = tensors_of(first)
    assert all(torch.equal(value, expected[name]) for name, value in tensors_of(again).items())
    kind = "rmsprop" if preset == "wgan-32" else "adam"
    assert any(name.startswith(f"generator_{kind}/") for name in expected)


def test_a_stylegan_goes_on_as_the_other() -> None:
    """With the mean path length, to the bit; a checkpoint without it is refused."""
    config = tiny_stylegan(mixing=0.5, path_length_weight=2.0)
    first, again = (TrainingState.create(replace(config, seed=n), CPU) for n in (1, 2))
    for shown in range(0, 24, 4):
        play(first, config, shown)
    tensors = tensors_of(first)
    put_tensors(again, tensors)

    assert tensors["statistics/path_length_mean"].item() > 0.0
    for shown in range(24, 48, 4):
        assert play(again, config, shown) == play(first, config, shown)
    expected = tensors_of(first)
    assert all(torch.equal(value, expected[name]) for name, value in tensors_of(again).items())
    del tensors["statistics/path_length_mean"]
    with pytest.raises(UnfitError, match="is of another run: it has no path_length_mean"):
        put_tensors(again, tensors)
