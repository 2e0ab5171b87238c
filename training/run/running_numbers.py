"""The numbers of the steps of a run: read in order, at the latest at the next record.

Owns the sums until the next journal line, and the strength of augmentation that follows the
numbers. On CUDA a step's numbers are read after the next step has begun, so that the device always
has work. Knows no record and no file.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from training.config.config import TrainingConfig
from training.game.context import Numbers
from training.game.schedule import ScheduleState
from training.game.step_numbers import StepNumbers
from training.objectives.augment import AugmentStrength
from training.run_folder.checkpoint import Progress
from training.run_folder.journal import Averages


class Unread(NamedTuple):
    """A step whose numbers have not been read."""

    numbers: StepNumbers
    schedule: ScheduleState
    config: TrainingConfig
    share: float


class RunningNumbers:
    """Numbers of the steps since the last journal line.

    Args:
        progress: at the start of this session.
        lag: number of newest steps that may be unread after `add`.

    Attributes:
        averages: sums of the numbers that have been read.
        strength: of adaptive augmentation, after the steps that have been read.
    """

    def __init__(self, progress: Progress, *, lag: int) -> None:
        self.averages = Averages(progress.sums, progress.sum_images)
        self.strength = strength_at(progress)
        self._lag = lag
        self._unread: deque[Unread] = deque()

    def share(self, config: TrainingConfig) -> float:
        """Strength of augmentation of the next step, adaptive or fixed.

        An adaptive one follows from the numbers of every step before, so these are read.
        """
        if not config.augmentation.target:
            return config.augmentation.strength
        self.read_all()
        return self.strength.p

    def add(
        self,
        numbers: StepNumbers,
        schedule: ScheduleState,
        config: TrainingConfig,
        share: float,
    ) -> None:
        """Add a step; read those before it.

        Raises:
            NonFiniteLossError: of a step that is read.
        """
        self._unread.append(Unread(numbers, schedule, config, share))
        self._read_until(self._lag)

    def read_all(self) -> None:
        """Read the numbers of all steps; call it before anything is written.

        Raises:
            NonFiniteLossError: a loss was not finite.
        """
        self._read_until(0)

    def begin_line(self) -> Averages:
        """Begin the sums of the next journal line; return them."""
        self.averages = Averages()
        return self.averages

    def _read_until(self, left: int) -> None:
        while len(self._unread) > left:
            step = self._unread.popleft()
            numbers = step.numbers.read()
            self.strength = strength_after(self.strength, numbers, step.schedule, step.config)
            told = with_strength(numbers, step.share, step.config)
            self.averages.add(told, step.schedule.batch_size)


def strength_after(
    strength: AugmentStrength, numbers: Numbers, schedule: ScheduleState, current: TrainingConfig
) -> AugmentStrength:
    """Adaptive strength of augmentation after a step; reset to 0 if it is not adaptive."""
    augmentation = current.augmentation
    if not augmentation.target:
        return AugmentStrength(0.0)
    return strength.after(
        *(numbers["sign_real"], schedule.batch_size, augmentation.target, augmentation.ramp_images)
    )


def with_strength(numbers: Numbers, share: float, current: TrainingConfig) -> Numbers:
    """Numbers of a step, with the strength of augmentation if it is used."""
    return numbers | {"augment_strength": share} if current.augmentation.policy else numbers


def strength_at(progress: Progress) -> AugmentStrength:
    """Adaptive strength of augmentation at the start of a session."""
    if not progress.augment:
        return AugmentStrength(0.0)
    kept = progress.augment
    return AugmentStrength(kept["p"], kept["signs"], int(kept["steps"]))
