"""The numbers of one step, which may still be on the device.

Owns `StepNumbers`: one copy for all numbers and checks of a step. Knows no loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import torch

from training.device_copies import HostCopy
from training.distributed import SINGLE, Processes
from training.game.context import Numbers
from training.game.optimise import FiniteCheck
from training.objectives.losses import Terms


class StepNumbers:
    """The numbers of a step.

    Args:
        terms: scalars on the device.
        checks: of the updates of the step, if they are to be required later.
        processes: the numbers are means over all of them.
    """

    def __init__(self, terms: Terms, checks: Sequence[FiniteCheck], processes: Processes) -> None:
        self._names, self._checks = list(terms), checks
        values = processes.mean(torch.stack([value.detach() for value in terms.values()]))
        if checks:
            values = torch.cat([values, *(check.finite.to(values.dtype) for check in checks)])
        self._copy = HostCopy(values)

    @classmethod
    def known(cls, numbers: Numbers) -> Self:
        """Numbers that are on the CPU already."""
        terms = {name: torch.tensor(value, dtype=torch.float64) for name, value in numbers.items()}
        return cls(terms, (), SINGLE)

    def read(self) -> Numbers:
        """Wait for the device, if need be, and return the numbers.

        Raises:
            NonFiniteLossError: a loss was not finite; its network was not updated by this step.
        """
        values, place = self._copy.wait(), len(self._names)
        for check in self._checks:
            check.require(values[place : place + 2])
            place += 2
        return dict(zip(self._names, values[: len(self._names)], strict=True))
