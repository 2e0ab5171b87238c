"""Numbers of a step come in one copy, and its checks before them."""

from __future__ import annotations

import pytest
import torch

from models.growth import Growth
from training.distributed import SINGLE
from training.game.optimise import FiniteCheck, NonFiniteLossError
from training.game.schedule import ScheduleState
from training.game.step_numbers import StepNumbers

SCHEDULE = ScheduleState(1234, Growth(1, 0.5), 4, 0.5, 0.5, 1.0, 1, 10, 0, 0.5)


def check(loss: bool, gradient: bool) -> FiniteCheck:
    """The check of an update."""
    terms = {"loss": torch.tensor(2.0)}
    return FiniteCheck(torch.tensor([loss, gradient]), terms, SCHEDULE, SINGLE)


def test_numbers_are_those_of_their_step_by_name() -> None:
    """With checks that hold, and without."""
    value = torch.tensor(0.1)
    terms = {"a": value, "b": torch.tensor(3.0)}
    for checks in ((), (check(True, True), check(True, True))):
        numbers, before = StepNumbers(terms, checks, SINGLE), value.item()
        assert numbers.read() == {"a": before, "b": 3.0}


@pytest.mark.parametrize(
    ("flags", "what"), [((False, True), "the loss is"), ((True, False), "the gradient of")]
)
def test_an_update_that_was_left_out_is_told(flags: tuple[bool, bool], what: str) -> None:
    """Of either network."""
    numbers = StepNumbers({"a": torch.tensor(1.0)}, (check(True, True), check(*flags)), SINGLE)

    with pytest.raises(NonFiniteLossError, match=f"{what}.*not finite after 1,234 images"):
        numbers.read()
