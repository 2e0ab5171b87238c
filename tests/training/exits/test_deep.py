"""The deep exit: it learns what no single convolution can."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.exit_shape import ExitShape
from models.families.progan.exit import convolutions_of
from training.exits.deep import WARM_UP, ExitTrainer, rate_at
from training.exits.linear import LeastSquares

SHAPE = ExitShape((1, 3, 1), (12, 12))


def batch() -> tuple[Tensor, Tensor]:
    """Features, and an image that depends on them by their size alone: no line fits."""
    features = torch.randn(16, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    return features, features[:, :3].abs() - 0.8


def trained(steps: int) -> tuple[ExitTrainer, list[float]]:
    """A trainer after some steps, and its errors."""
    trainer = ExitTrainer(4, 3, SHAPE, np.random.default_rng(0))
    errors = [trainer.step(*batch(), rate_at(step, steps)) for step in range(steps)]
    return trainer, errors


def test_a_deep_exit_learns_what_a_linear_one_cannot() -> None:
    """A fifth of the error that least squares leave."""
    features, target = batch()
    equations = LeastSquares(4, 3, 3)
    equations.add(features, target)
    linear = F.mse_loss(equations.exit()(features), target).item()

    trainer, _ = trained(200)

    assert F.mse_loss(trainer.exit()(features), target).item() < linear / 5


def test_the_exit_is_what_was_learned() -> None:
    """The error that the next step begins with, whatever the scales of its layers."""
    trainer, _ = trained(20)
    features, target = batch()

    error = F.mse_loss(trainer.exit()(features), target).item()

    assert trainer.step(features, target, 0.0) == pytest.approx(error, rel=1e-4)
    assert [tuple(layer.weight.shape) for layer in convolutions_of(trainer.exit())] == [
        *((12, 4, 1, 1), (12, 12, 3, 3), (3, 12, 1, 1))
    ]
    assert not any(p.requires_grad for p in trainer.exit().parameters())


def test_learning_is_the_same_every_time() -> None:
    """To the last bit."""
    (first, errors), (second, again) = trained(10), trained(10)

    assert errors == again
    for a, b in zip(first.exit().parameters(), second.exit().parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_rate_rises_at_once_and_falls_to_nothing() -> None:
    """A warm-up of some steps, then half a cosine."""
    rates = [rate_at(step, 1000) for step in range(1000)]

    assert rates[0] == pytest.approx(1 / WARM_UP)
    assert max(rates) == pytest.approx(1.0, abs=0.01)
    assert rates.index(max(rates)) == WARM_UP - 1
    assert rates[500] == pytest.approx(0.5)
    assert rates[-1] < 1e-4
