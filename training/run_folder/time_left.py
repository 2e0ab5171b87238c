"""Time left of a run: images weighted by their cost at each level.

Owns the cost of an image at each level, and the warning that a run has become slow because other
processes use its cores. Knows no display.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Self

from training.config.config import TrainingConfig
from training.game.schedule import ScheduleState
from training.threads import available_threads

# Overhead of a step besides its arithmetic, in multiply-adds of one generator: measured on CPUs,
# where the steps of a small level take four times as long as their arithmetic predicts.
STEP_OVERHEAD = 60e6

COLLAPSED_RATE = 1 / 3  # of the best rate at the same level


@dataclass(frozen=True)
class Workload:
    """Cost of a run, level by level.

    Attributes:
        ends: images shown at the end of each level.
        costs: of one image at each level, in multiply-adds.
    """

    ends: tuple[int, ...]
    costs: tuple[float, ...]

    @classmethod
    def of(cls, config: TrainingConfig) -> Self:
        """Workload of a whole schedule; the images of a batch share the overhead of its step."""
        images = [plan.fade_images + plan.stable_images for plan in config.levels]
        costs = [
            cost + STEP_OVERHEAD / plan.batch_size
            for cost, plan in zip(config.network.path_costs(), config.levels, strict=True)
        ]
        return cls(tuple(accumulate(images)), tuple(costs))

    def until(self, images_shown: int) -> float:
        """Cost of the first `images_shown` images."""
        levels = pairwise((0, *self.ends))
        return sum(
            cost * max(0, min(images_shown, end) - start)
            for (start, end), cost in zip(levels, self.costs, strict=True)
        )

    def cost_at(self, images_shown: int) -> float:
        """Cost of the image that follows `images_shown`; after the end, of the last one."""
        costs = (c for end, c in zip(self.ends, self.costs, strict=True) if images_shown < end)
        return next(costs, self.costs[-1])

    def seconds_left(self, images_shown: int, images_per_second: float) -> float:
        """Seconds until the end of the schedule, at constant work per second.

        Args:
            images_shown: so far.
            images_per_second: the current rate, above 0.
        """
        left = self.until(self.ends[-1]) - self.until(images_shown)
        return left / (images_per_second * self.cost_at(max(0, images_shown - 1)))


@dataclass
class RateWatch:
    """Detection of a collapsed rate while other processes use the cores, once at each level."""

    _best: dict[int, float] = field(default_factory=dict[int, float])
    _noticed: set[int] = field(default_factory=set[int])

    def hint(self, schedule: ScheduleState, rate: float) -> str:
        """Advice in a sentence; empty if the rate has not collapsed.

        Args:
            schedule: of the tick.
            rate: images per second since the last tick.
        """
        level = schedule.growth.level
        best = self._best[level] = max(rate, self._best.get(level, 0.0))
        cores, busy = available_threads(), load_average()
        if level in self._noticed or rate >= COLLAPSED_RATE * best or busy <= cores:
            return ""
        self._noticed.add(level)
        return (
            f"hint: {rate:.1f} images/s, {best:.1f} before: {busy:.0f} processes want {cores} "
            "cores. End others, or stop this run and go on with fewer --threads"
        )


def load_average() -> float:
    """Load average of the last minute, in processes; 0 where the system has none."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return 0.0
