"""Which steps update the generator, and what its loss counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from training.config.config import TrainingConfig
from training.game.critic import averaged_over, generator_is_due
from training.game.schedule import schedule_at


@pytest.mark.parametrize(("steps", "due"), [(1, [0, 1, 2, 3, 4, 5]), (3, [2, 5]), (5, [4])])
def test_the_last_of_the_critics_steps_updates_the_generator(
    config: TrainingConfig, steps: int, due: list[int]
) -> None:
    """By images shown, in steps of four."""
    config = replace(config, objective=replace(config.objective, critic_steps=steps))
    schedules = [schedule_at(4 * step, config) for step in range(6)]

    assert [n for n, each in enumerate(schedules) if generator_is_due(config, each)] == due


def test_the_mean_of_a_rare_loss_is_that_of_its_updates() -> None:
    """The journal averages over all steps, so it is weighted by those without one."""
    terms = {"generator": torch.tensor(0.5)}

    assert (0 + 0 + averaged_over(3, terms)["generator"].item()) / 3 == pytest.approx(0.5)
    assert averaged_over(1, terms) is terms
