"""Regularization that is computed every few steps, with as many times its weight."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.training.stepping import changed, play, weights_of
from tests.training.styled import tiny_stylegan
from training.config.config import TrainingConfig
from training.config.overrides import apply_settings
from training.distributed import SINGLE
from training.game.context import StepContext
from training.game.regularise import (
    is_due,
    lazily_penalised,
    path_length_regularised,
    penalty_at,
    without_lazy_terms,
)
from training.game.schedule import schedule_at
from training.game.state import PATH_LENGTH, TrainingState

CPU = torch.device("cpu")
STYLED = tiny_stylegan(mixing=0.5, path_length_weight=2.0)


def context_at(config: TrainingConfig, shown: int) -> StepContext:
    """A fresh state in the step after so many images."""
    state = TrainingState.create(config, CPU)
    return StepContext(state, schedule_at(shown, config), config, SINGLE, None, 0.0)


def test_a_term_is_due_in_the_first_of_its_steps() -> None:
    """Steps are counted by images shown, so a resumed run goes on in the same one."""
    due = [is_due(schedule_at(shown, STYLED), 4) for shown in range(0, 64, 4)]

    assert due == [True, False, False, False] * 4


def test_a_lazy_penalty_is_left_out_of_the_main_update_and_weighs_more_in_its_own() -> None:
    """So its mean over all steps is that of a penalty in every step."""
    context = context_at(STYLED, 0)
    penalty = penalty_at(STYLED, context.schedule, CPU)
    images = torch.randn(4, 3, 8, 8)
    often = replace(STYLED, penalty=replace(STYLED.penalty, interval=1))
    before = weights_of(context.state.discriminator)

    assert without_lazy_terms(penalty, 4).weight == 0.0
    assert without_lazy_terms(penalty, 1) is penalty
    assert lazily_penalised(context_at(STYLED, 4), images, images, penalty) == {}
    assert lazily_penalised(context_at(often, 0), images, images, penalty) == {}
    terms = lazily_penalised(context, images, images, penalty)
    assert changed(context.state.discriminator, before)
    fresh = context_at(STYLED, 0).state.discriminator
    images.requires_grad_()
    (gradient,) = torch.autograd.grad(fresh(images).sum(), images)
    norm = gradient.square().sum(dim=(1, 2, 3)).mean()
    torch.testing.assert_close(terms["r1"].detach(), 4 * penalty.weight / 2 * norm)


def test_both_penalties_of_a_relativistic_objective_are_lazy() -> None:
    """At real and at fake images."""
    config = apply_settings(STYLED, ["objective=rpgan-r1r2"])
    context = context_at(config, 0)
    reals, fakes = torch.randn(2, 4, 3, 8, 8)
    terms = lazily_penalised(context, reals, fakes, penalty_at(config, context.schedule, CPU))

    assert set(terms) == {"r1", "r2"}
    assert terms["r1"].item() != terms["r2"].item()


def test_path_lengths_are_drawn_to_their_mean_which_moves_slowly() -> None:
    """In every fourth step; between them the mean is only told."""
    context = context_at(STYLED, 0)
    state = context.state
    before = weights_of(state.generator)
    terms = path_length_regularised(context)

    assert set(terms) == {"path_length", PATH_LENGTH}
    assert terms["path_length"].item() > 0.0
    assert state.statistics[PATH_LENGTH].item() > 0.0
    assert "mapping.layers.0.weight" in changed(state.generator, before)
    later = StepContext(state, schedule_at(4, STYLED), STYLED, SINGLE, None, 0.0)
    assert path_length_regularised(later) == {PATH_LENGTH: state.statistics[PATH_LENGTH]}


def test_without_a_weight_nothing_is_computed() -> None:
    """And there is no mean to keep."""
    context = context_at(tiny_stylegan(mixing=0.5), 0)

    assert path_length_regularised(context) == {}
    assert context.state.statistics == {}


@pytest.mark.parametrize("shown", [0, 4, 16])
def test_a_step_tells_its_terms(shown: int) -> None:
    """The lazy ones as 0 or not at all where they are not due."""
    state = TrainingState.create(STYLED, CPU)
    numbers = play(state, STYLED, shown)

    assert ("path_length" in numbers) == (shown % 16 == 0)
    assert (numbers["r1"] > 0.0) == (shown % 16 == 0)
    assert {"logistic_real", "logistic_fake", "generator", PATH_LENGTH} <= set(numbers)


def test_optimizers_with_a_lazy_term_do_less_in_each_update() -> None:
    """Learning rate and decays by k / (k + 1): they take k + 1 updates in k steps."""
    context = context_at(STYLED, 0)
    schedule, state = context.schedule, context.state

    assert context.generator_rate == pytest.approx(0.8 * schedule.learning_rate)
    assert context.discriminator_rate == pytest.approx(0.8 * schedule.discriminator_rate)
    for optimizer in (state.generator_optimizer, state.discriminator_optimizer):
        assert optimizer.param_groups[0]["betas"] == pytest.approx((0.0, 0.99**0.8))
    usual = apply_settings(STYLED, ["penalty_interval=1", "path_length_weight=0"])
    context = context_at(usual, 0)
    assert context.generator_rate == schedule.learning_rate
    assert context.state.generator_optimizer.param_groups[0]["betas"] == (0.0, 0.99)
