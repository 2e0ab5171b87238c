"""Who plays: first weights, the average, and optimisers that forget."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.optim import Adam, RMSprop

from tests.training.stepping import HELD, changed, play, weights_of
from training.config.config import TrainingConfig
from training.config.groups import OptimizerConfig
from training.game.state import TrainingState, optimizer_of

CPU = torch.device("cpu")


@pytest.fixture
def state(config: TrainingConfig) -> TrainingState:
    """Fresh ones."""
    return TrainingState.create(config, CPU)


def test_the_seed_determines_the_first_weights(config: TrainingConfig) -> None:
    """Of both networks; another seed gives others."""
    first, again = TrainingState.create(config, CPU), TrainingState.create(config, CPU)
    other = TrainingState.create(replace(config, seed=1), CPU)

    assert not changed(first.generator, weights_of(again.generator))
    assert not changed(first.discriminator, weights_of(again.discriminator))
    assert "stem.dense.weight" in changed(first.generator, weights_of(other.generator))


def test_weights_begin_standard_normal_and_biases_at_zero(state: TrainingState) -> None:
    """Section 4.1: the scale is in the layers."""
    networks = (state.generator, state.discriminator)
    weights = [pair for network in networks for pair in weights_of(network).items()]
    drawn = torch.cat([v.flatten() for k, v in weights if k.endswith("weight")])

    assert abs(drawn.mean().item()) < 0.05
    assert abs(drawn.std().item() - 1.0) < 0.05
    assert all(not v.any() for k, v in weights if k.endswith("bias"))


def test_the_average_begins_as_the_generator(state: TrainingState) -> None:
    """A copy that no gradient reaches."""
    assert not changed(state.average, weights_of(state.generator))
    assert not any(p.requires_grad for p in state.average.parameters())


def test_forgetting_empties_both_optimisers(state: TrainingState, config: TrainingConfig) -> None:
    """And the next step begins anew."""
    play(state, config, HELD)
    state.reset_optimizers()

    assert not state.generator_optimizer.state
    assert not state.discriminator_optimizer.state
    play(state, config, HELD + 4)
    steps = {float(s["step"]) for s in state.generator_optimizer.state.values()}
    assert steps == {1.0}


def test_the_optimizer_is_the_one_that_was_asked_for() -> None:
    """With its own settings."""
    network = nn.Linear(2, 1)

    adam = optimizer_of(network, OptimizerConfig(beta1=0.5, beta2=0.9))
    rmsprop = optimizer_of(network, OptimizerConfig(name="rmsprop"))

    assert isinstance(adam, Adam)
    assert adam.defaults["betas"] == (0.5, 0.9)
    assert isinstance(rmsprop, RMSprop)


def test_the_average_is_in_evaluation_mode(state: TrainingState) -> None:
    """Its pictures must not depend on their batch."""
    assert not any(module.training for module in state.average.modules())
    assert state.generator.training


def test_the_generator_continues_with_the_average(
    state: TrainingState, config: TrainingConfig
) -> None:
    """Its optimizer keeps what it knows, and the next step begins from there."""
    play(state, config, HELD)
    moments = {
        n: s["exp_avg_sq"].clone() for n, s in enumerate(state.generator_optimizer.state.values())
    }
    assert changed(state.generator, weights_of(state.average))

    state.continue_with_average()

    assert not changed(state.generator, weights_of(state.average))
    kept = state.generator_optimizer.state.values()
    assert all(s["exp_avg_sq"].equal(moments[n]) for n, s in enumerate(kept))
