"""Numbers of steps are read in order, and before anything depends on them."""

from __future__ import annotations

import pytest
import torch

from tests.training.settings import with_values
from training.config.config import TrainingConfig
from training.distributed import SINGLE
from training.game.optimise import FiniteCheck, NonFiniteLossError
from training.game.schedule import schedule_at
from training.game.step_numbers import StepNumbers
from training.run.running_numbers import RunningNumbers
from training.run_folder.checkpoint import Progress

BEGINNING = Progress(0, 0, {}, 0, 0.0, {})


def numbers(value: float) -> StepNumbers:
    """Of a step with two terms."""
    terms = {"score_real": torch.tensor(value), "sign_real": torch.tensor(1.0)}
    return StepNumbers(terms, (), SINGLE)


def broken(config: TrainingConfig) -> StepNumbers:
    """Of a step whose loss was infinite."""
    terms = {"loss": torch.tensor(float("inf"))}
    flags = torch.tensor([False, True])
    check = FiniteCheck(flags, terms, schedule_at(24, config), SINGLE)
    return StepNumbers(terms, (check,), SINGLE)


@pytest.mark.parametrize("lag", [0, 1])
def test_at_a_record_all_numbers_are_in_its_means(config: TrainingConfig, lag: int) -> None:
    """However late they are read before."""
    running, schedule = RunningNumbers(BEGINNING, lag=lag), schedule_at(0, config)
    for value in (1.0, 2.0, 6.0):
        running.add(numbers(value), schedule, config, 0.0)
    unread = 3 * schedule.batch_size - running.averages.images
    running.read_all()

    assert unread == lag * schedule.batch_size
    assert running.averages.means() == {"score_real": 3.0, "sign_real": 1.0}
    running.begin_line()
    assert running.averages.images == 0


def test_an_adaptive_strength_follows_every_step_before(config: TrainingConfig) -> None:
    """Also where numbers are read late."""
    adaptive = with_values(
        config,
        objective="logistic-r1",
        augment="color",
        augment_target=0.6,
        augment_ramp_images=1000,
    )
    schedule = schedule_at(0, adaptive)
    shares: list[list[float]] = []
    for lag in (0, 1):
        running, found = RunningNumbers(BEGINNING, lag=lag), list[float]()
        for _ in range(9):
            found.append(running.share(adaptive))
            running.add(numbers(1.0), schedule, adaptive, found[-1])
        shares.append(found)

    assert shares[0] == shares[1]
    assert shares[0][-1] > shares[0][0] == 0.0


def test_a_step_that_broke_down_is_told_at_the_latest_at_a_record(config: TrainingConfig) -> None:
    """So that no checkpoint is written after it."""
    running = RunningNumbers(BEGINNING, lag=1)
    running.add(broken(config), schedule_at(24, config), config, 0.0)

    with pytest.raises(NonFiniteLossError, match="the loss is not finite after 24 images"):
        running.read_all()
