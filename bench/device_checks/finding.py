"""Findings of the checks, and the time that is left for them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Finding:
    """One line of the table.

    Attributes:
        check: name of the check.
        told: its result.
        passed: None if it is a measurement, or could not be checked.
    """

    check: str
    told: str
    passed: bool | None = None


@dataclass(frozen=True)
class Budget:
    """Time until which checks may run.

    Attributes:
        until: by `time.monotonic`, in seconds.
    """

    until: float

    @classmethod
    def of(cls, seconds: float) -> Budget:
        """Begin now."""
        return cls(time.monotonic() + seconds)

    @property
    def left_s(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self.until - time.monotonic())

    def share(self, of: float) -> Budget:
        """Return the budget of a part, a share of what is left."""
        return Budget.of(self.left_s * of)


def while_time(budget: Budget, most: int) -> Iterator[int]:
    """Count to `most`, or as far as time allows; the first number is always given."""
    for number in range(most):
        if number and not budget.left_s:
            return
        yield number


def synchronise(device: torch.device) -> None:
    """Wait until the device has done all that was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
