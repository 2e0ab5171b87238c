"""The penalty of a step: what its weight depends on, and whose noise it has."""

from dataclasses import replace

import pytest
import torch

from tests.training.stepping import HELD
from training.config.config import TrainingConfig
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.objectives.step_penalty import penalty_at

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("objective", "weight"),
    [("wgan-gp", 0.05), ("logistic-r1", 0.05 * 64 / 4), ("rpgan-r1r2", 0.05 * 64 / 4)],
)
def test_r1_weights_grow_with_the_image(
    config: TrainingConfig, objective: str, weight: float
) -> None:
    """By R^2 / batch size, the rule of StyleGAN2-ADA; lambda of WGAN-GP does not."""
    config = replace(config, objective=objective)

    players = TrainingState.create(config, CPU)
    penalty = penalty_at(HELD, config, schedule_at(HELD, config), players)

    assert penalty.weight == pytest.approx(weight)
    assert penalty.mix.shape == (4, 1, 1, 1)
    assert penalty.noise is None


def test_a_level_scales_its_penalty(config: TrainingConfig) -> None:
    """And that of no other level."""
    first, second = config.levels
    scaled = replace(config, levels=(first, replace(second, penalty_scale=0.15)))
    players = TrainingState.create(config, CPU)

    for shown, scale in ((0, 1.0), (HELD, 0.15)):
        usual, other = (
            penalty_at(shown, each, schedule_at(shown, each), players) for each in (config, scaled)
        )
        assert other.weight == pytest.approx(scale * usual.weight)


def test_the_weight_of_a_penalty_counts_every_pixel(config: TrainingConfig) -> None:
    """Of 8x12 pixels half as much again as of 8x8; and noise is of that shape."""
    network = replace(config.network, base_width=6)
    wide = replace(config, network=network, penalty="finite-difference")

    wider, usual = TrainingState.create(wide, CPU), TrainingState.create(config, CPU)
    penalty = penalty_at(HELD, wide, schedule_at(HELD, wide), wider)

    square = penalty_at(HELD, config, schedule_at(HELD, config), usual)
    assert penalty.weight == pytest.approx(1.5 * square.weight)
    assert penalty.noise is not None
    assert penalty.noise.shape == (2, 4, 3, 8, 12)


def test_finite_differences_get_noise_of_their_own(config: TrainingConfig) -> None:
    """For both sides, as large as the penalised images; another with every step."""
    config = replace(config, penalty="finite-difference", penalty_sigma=0.5, penalty_share=0.5)
    players = TrainingState.create(config, CPU)
    first, later = (
        penalty_at(n, config, schedule_at(n, config), players) for n in (HELD, HELD + 4)
    )

    assert (first.kind, first.sigma) == ("finite-difference", 0.5)
    assert first.noise is not None
    assert later.noise is not None
    assert first.noise.shape == (2, 4, 3, 8, 8)
    assert not torch.equal(first.noise[0], first.noise[1])
    assert not torch.equal(first.noise, later.noise)
