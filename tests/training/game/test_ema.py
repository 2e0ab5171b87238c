"""The averaged generator: how fast it forgets, and how it moves."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.training.settings import with_values
from training.config.config import TrainingConfig
from training.game.ema import update_average
from training.game.schedule import schedule_at


def test_a_given_decay_holds_for_every_step(config: TrainingConfig) -> None:
    """As the paper has it: 0.999, whatever the batch or the moment."""
    config = with_values(config, ema_decay=0.999)

    assert {schedule_at(n, config).average_decay for n in range(0, 72, 4)} == {0.999}


def test_an_old_weight_counts_half_after_the_half_life(config: TrainingConfig) -> None:
    """Once the newest level is old enough; a batch of 4 is 4 images nearer to it."""
    config = with_values(config, ema_half_life_images=40.0)

    assert schedule_at(1_000, config).average_decay ** 10 == pytest.approx(0.5)


@pytest.mark.parametrize(("images_shown", "age"), [(0, 4), (20, 24), (24, 4), (36, 16), (68, 48)])
def test_the_half_life_is_a_tenth_of_the_age_of_the_newest_level(
    config: TrainingConfig, images_shown: int, age: int
) -> None:
    """So that the random weights a level was born with are soon forgotten."""
    schedule = schedule_at(images_shown, config)

    assert schedule.average_decay == pytest.approx(0.5 ** (4 / (age / 10)))


def test_an_average_that_was_taken_over_is_not_thrown_away(config: TrainingConfig) -> None:
    """At a level that was known a tenth of its 60 images counts, at one that fades in their age."""
    top = replace(config.levels[1], stable_images=60)
    knows = (replace(config.levels[0], stable_images=0), replace(top, fade_images=0))
    fades = (knows[0], top)

    for levels, name, half_life in ((knows, "", 0.4), (fades, "a@b", 0.4), (knows, "a@b", 6.0)):
        run = replace(config, levels=levels, init_from=name)
        assert schedule_at(0, run).average_decay == pytest.approx(0.5 ** (4 / half_life))


def test_a_short_half_life_of_an_average_that_was_taken_over_stays(config: TrainingConfig) -> None:
    """The limit lowers a half-life; it never raises one."""
    levels = (replace(config.levels[0], stable_images=0), replace(config.levels[1], fade_images=0))
    run = with_values(replace(config, levels=levels, init_from="a@b"), ema_half_life_images=0.5)

    assert schedule_at(0, run).average_decay == pytest.approx(0.5 ** (4 / 0.5))


def test_the_average_moves_by_one_minus_decay() -> None:
    """In place, every weight, leaving the current network alone."""
    torch.manual_seed(0)
    average, current = nn.Linear(3, 2).requires_grad_(False), nn.Linear(3, 2)
    before = [p.clone() for p in average.parameters()]
    kept = [p.clone() for p in current.parameters()]

    update_average(average, current, 0.9)

    for new, old, other in zip(average.parameters(), before, current.parameters(), strict=True):
        torch.testing.assert_close(new, 0.9 * old + 0.1 * other)
    assert all(torch.equal(a, b) for a, b in zip(kept, current.parameters(), strict=True))


def test_an_average_that_keeps_nothing_is_the_network_itself() -> None:
    """Decay 0."""
    average, current = nn.Linear(3, 2).requires_grad_(False), nn.Linear(3, 2)

    update_average(average, current, 0.0)

    assert torch.equal(average.weight, current.weight)


def test_the_average_has_buffers_too() -> None:
    """Running means move as weights do; the count of batches is copied and stays whole."""
    average, current = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
    current(torch.randn(4, 3, 2, 2, generator=torch.Generator().manual_seed(0)) + 5)
    assert current.running_mean is not None
    assert average.num_batches_tracked is not None

    update_average(average, current, 0.75)

    torch.testing.assert_close(average.running_mean, 0.25 * current.running_mean)
    assert average.num_batches_tracked.item() == 1
    assert average.num_batches_tracked.dtype == torch.int64
