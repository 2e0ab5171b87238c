"""What is written down of a run, once in a while.

Owns the order of it: quality, journal, grid, events, checkpoint, page. A process that is killed in
between leaves nothing that the next one cannot take up. Decides no moment, and plays no step.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from training.game.schedule import ScheduleState
from training.game.state import TrainingState
from training.game.step import Numbers
from training.rendering import SAMPLES, write_grid
from training.run.checkpoint import CHECKPOINTS, Progress, save_checkpoint
from training.run.display import Display
from training.run.journal import JOURNAL_FILE, TIMING_FILE, Line, append_line
from training.run.monitor import RunMonitor

if TYPE_CHECKING:
    from training.run.events import Events  # needs an extra


@dataclass(frozen=True)
class Recorder:
    """Writes what one run comes to, on the process that speaks for all.

    Attributes:
        run: its folder.
        players: as they are at the moment of writing.
        watch: measures, and decides which checkpoints stay.
        display: where people are told.
        events: where TensorBoard shall find the journal, too.
    """

    run: Path
    players: TrainingState
    watch: RunMonitor
    display: Display
    events: Events | None = None

    def tick(
        self, moment: ScheduleState, progress: Progress, numbers: Numbers, rate: float
    ) -> None:
        """A line of the journal with what was measured, and the picture grid of the moment.

        Args:
            moment: of the last step.
            progress: as the checkpoint after this will have it.
            numbers: means since the last tick.
            rate: images per second since then.

        Raises:
            OSError: the disk is full.
        """
        shown, growth = progress.images_shown, moment.growth
        numbers = numbers | self.watch.measure(self.players.average, growth)
        line = self.watch.observe(line_of(moment, shown, numbers))
        append_line(self.run / JOURNAL_FILE, line)
        timing = {"images_shown": shown, "seconds": round(progress.seconds, 1)}
        append_line(self.run / TIMING_FILE, timing | {"images_per_second": round(rate, 2)})
        grid = write_grid(self.run / SAMPLES, self.players.average, growth, shown)
        if self.events:
            self.events.tick(line, rate, grid)
        self.display.tick(moment, shown, rate, numbers)

    def keep(self, moment: ScheduleState, progress: Progress, *, last: bool) -> None:
        """The checkpoint, and the page of the run; `last` if nothing comes after.

        Raises:
            OSError: the disk is full; the checkpoints before it stay whole.
        """
        save_checkpoint(self.run / CHECKPOINTS, self.players, progress, self.watch.best())
        self.watch.report(self.players.average, moment.growth, progress.seconds, last=last)


def line_of(moment: ScheduleState, images_shown: int, numbers: Numbers) -> Line:
    """What the journal says of a tick."""
    growth = moment.growth
    where = {"images_shown": images_shown, "resolution": growth.resolution, "alpha": growth.alpha}
    steering = {
        "batch_size": moment.batch_size,
        "learning_rate": moment.learning_rate,
        "discriminator_rate": moment.discriminator_rate,
    }
    return where | steering | numbers
