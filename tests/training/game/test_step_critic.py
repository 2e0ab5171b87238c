"""A step of a Wasserstein GAN, and of a DCGAN with every objective."""

from dataclasses import replace

import pytest
import torch

from models.families.dcgan.config import DcganConfig
from tests.training.settings import with_values
from tests.training.stepping import changed, play, weights_of
from training.config.config import TrainingConfig
from training.config.groups import LevelPlan
from training.config.presets import PRESETS
from training.game.state import TrainingState
from training.objectives.losses import OBJECTIVES

CPU = torch.device("cpu")


@pytest.fixture
def wasserstein() -> TrainingConfig:
    """A DCGAN of 8 px whose generator learns in every third step of 4 images."""
    preset = PRESETS["wgan-32"]
    return replace(
        preset,
        network=DcganConfig(8, 3, 8, generator_maps=4, discriminator_maps=4),
        levels=(LevelPlan(4, 0, 0, 4), LevelPlan(8, 0, 48, 4, 0.001)),
        objective=replace(preset.objective, critic_steps=3),
    )


def test_the_generator_learns_in_the_last_of_its_critics_steps(wasserstein: TrainingConfig) -> None:
    """A function of images shown, so a resumed run goes on in the same step."""
    state = TrainingState.create(wasserstein, CPU)
    learned: list[int] = []
    for shown in range(0, 48, 4):
        before = weights_of(state.generator), weights_of(state.discriminator)
        numbers = play(state, wasserstein, shown)
        assert changed(state.discriminator, before[1])
        if changed(state.generator, before[0]):
            learned.append(shown // 4)
        assert ("generator" in numbers) is (shown // 4 % 3 == 2)

    assert learned == [2, 5, 8, 11]


def test_the_weights_of_the_critic_stay_within_their_bound(wasserstein: TrainingConfig) -> None:
    """After its step, so that the generator meets a clipped critic (algorithm 1)."""
    state = TrainingState.create(wasserstein, CPU)
    play(state, wasserstein, 0)

    assert max(p.abs().max().item() for p in state.discriminator.parameters()) <= 0.01
    assert max(p.abs().max().item() for p in state.generator.parameters()) > 0.5


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_dcgan_plays_every_objective(wasserstein: TrainingConfig, objective: str) -> None:
    """And comes to the same bits again."""
    config = with_values(wasserstein, objective=objective, critic_steps=1)
    first, again = TrainingState.create(config, CPU), TrainingState.create(config, CPU)

    assert play(first, config, 0) == play(again, config, 0)
    assert not changed(first.average, weights_of(again.average))
    buffers = dict(again.average.named_buffers())
    assert all(torch.equal(v, buffers[k]) for k, v in first.average.named_buffers())
