"""What is looked at once a tick: quality, alarms, which checkpoint is the best, the page.

Owns the order of these, and the lines of the journal so far; all that it decides follows from them,
so a resumed run decides the same. Takes no part in training.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from models.families.progan.generator import Generator
from models.families.progan.growth import Growth
from training.config.config import TrainingConfig
from training.data.stream import Prepared
from training.quality.tick_metrics import TickMetrics
from training.report.reporter import Reporter
from training.run_folder.alarms import alarms_after, best_tick, in_journal
from training.run_folder.journal import JOURNAL_FILE, Line, read_lines


class RunMonitor:
    """Watches one run; made when its journal is cut to where it goes on.

    Args:
        run: its folder.
        config: what it was told.
        prepared: the pictures it learns from.
        say: where warnings go.
    """

    def __init__(
        self, run: Path, config: TrainingConfig, prepared: Prepared, say: Callable[[str], None]
    ) -> None:
        self.lines: list[Line] = [*read_lines(run / JOURNAL_FILE)]
        self._top = config.network.resolution
        self._say = say
        self._quality = TickMetrics(prepared, config.tick_images)
        self._reporter = Reporter(run, prepared, say)

    def measure(self, average: Generator, growth: Growth) -> dict[str, float]:
        """How good the pictures are now, by `training.quality.tick_metrics`."""
        return self._quality.measure(average, growth)

    def observe(self, line: Line) -> Line:
        """A new line of the journal, with the alarms that it raises; they are said, too."""
        alarms = alarms_after([*self.lines, line])
        for alarm in alarms:
            self._say(f"warning: {alarm.kind}: {alarm.seen}. {alarm.advice}")
        self.lines.append({**line, **in_journal(alarms)})
        return self.lines[-1]

    def best(self) -> set[int]:
        """Images shown at the checkpoints that must stay: the best, and the best of a tick ago.

        The latter is the best again if the newest checkpoint is found damaged.
        """
        ticks = (best_tick(self.lines, self._top), best_tick(self.lines[:-1], self._top))
        return {tick for tick in ticks if tick is not None}

    def report(self, average: Generator, growth: Growth, trained: float, *, last: bool) -> None:
        """Bring the page of the run up to date; `trained` in seconds."""
        self._reporter.report(average, growth, trained, last=last)
