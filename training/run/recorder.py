"""The records of a run: quality, journal, grid, events, checkpoint, report.

Owns their order: wherever a process is killed, the next one can resume. Does not decide when they
are written, and takes no training step.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from models.family import ImageGenerator
from training.game.schedule import ScheduleState
from training.game.state import TrainingState
from training.game.statistics import recompute_statistics
from training.game.step import Numbers
from training.run.display import Display
from training.run.monitor import RunMonitor
from training.run_folder.checkpoint import CHECKPOINTS, Progress, save_checkpoint
from training.run_folder.journal import JOURNAL_FILE, TIMING_FILE, Line, append_line

if TYPE_CHECKING:
    from training.run.events import Events  # needs an extra


class Watch(Protocol):
    """Observer of a run that may end it."""

    def step(self, average: ImageGenerator, schedule: ScheduleState, images_shown: int) -> bool:
        """Return True to end the run after this step, with a checkpoint."""
        ...

    def saved(self, progress: Progress) -> None:
        """Take notice of a checkpoint."""
        ...


@dataclass(frozen=True)
class Recorder:
    """Writes the records of one run, on the first process.

    Attributes:
        run: its folder.
        state: networks and optimizers, current when a record is written.
        monitor: measures, and selects the checkpoints to keep.
        display: shows progress.
        events: TensorBoard event files, written beside the journal.
        watch: called after each step and each checkpoint.
    """

    run: Path
    state: TrainingState
    monitor: RunMonitor
    display: Display
    events: Events | None = None
    watch: Watch | None = None

    def ended(self, schedule: ScheduleState, images_shown: int) -> bool:
        """Return True if the watch ends the run after the step of `schedule`."""
        return bool(self.watch and self.watch.step(self.state.average, schedule, images_shown))

    def tick(
        self, schedule: ScheduleState, progress: Progress, numbers: Numbers, rate: float
    ) -> None:
        """Measure quality; write a line of the journal and a picture grid.

        Args:
            schedule: of the last step.
            progress: as saved in the next checkpoint.
            numbers: means since the last tick.
            rate: images per second since the last tick.

        Raises:
            OSError: the disk is full.
        """
        shown, growth = progress.images_shown, schedule.growth
        recompute_statistics(self.state.average)
        numbers = numbers | self.monitor.measure(self.state.average, growth)
        line = self.monitor.observe(line_of(schedule, shown, numbers))
        append_line(self.run / JOURNAL_FILE, line)
        timing = {"images_shown": shown, "seconds": round(progress.seconds, 1)}
        append_line(self.run / TIMING_FILE, timing | {"images_per_second": round(rate, 2)})
        grid = self.monitor.write_samples(self.state.average, growth, shown)
        if self.events:
            self.events.tick(line, rate, grid)
        self.display.tick(schedule, shown, rate, numbers)

    def keep(self, schedule: ScheduleState, progress: Progress, *, last: bool) -> None:
        """Write the checkpoint and the report; `last` at the end of the session.

        Raises:
            OSError: the disk is full; the checkpoints before it stay whole.
        """
        save_checkpoint(self.run / CHECKPOINTS, self.state, progress, self.monitor.best())
        if self.watch:
            self.watch.saved(progress)
        self.monitor.report(self.state.average, schedule.growth, progress.seconds, last=last)


def line_of(schedule: ScheduleState, images_shown: int, numbers: Numbers) -> Line:
    """Journal line of a tick."""
    growth = schedule.growth
    position = {
        "images_shown": images_shown,
        "resolution": growth.resolution,
        "alpha": growth.alpha,
    }
    settings = {
        "batch_size": schedule.batch_size,
        "learning_rate": schedule.learning_rate,
        "discriminator_rate": schedule.discriminator_rate,
    }
    return position | settings | numbers
