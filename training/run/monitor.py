"""Monitoring at each tick: quality, alarms, the best checkpoint, the page of the run.

Owns their order, and the lines of the journal so far; its decisions depend only on these lines, so
a resumed run decides the same. Does not affect training.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from models.families.table import offer_of
from models.family import ImageGenerator
from models.growth import Growth
from training.config.config import TrainingConfig
from training.data.stream import Prepared
from training.quality.tick_metrics import TickMetrics
from training.quality.translation_metrics import TranslationMetrics
from training.quality.translations import write_samples
from training.rendering import SAMPLES
from training.report.reporter import Reporter
from training.run_folder.alarms import alarms_after, best_tick, in_journal
from training.run_folder.journal import JOURNAL_FILE, Line, read_lines


class RunMonitor:
    """Monitor of one run; create it after its journal has been truncated to the checkpoint.

    Args:
        run: its folder.
        config: its settings.
        prepared: the training set.
        say: receives the warnings.
    """

    def __init__(
        self, run: Path, config: TrainingConfig, prepared: Prepared, say: Callable[[str], None]
    ) -> None:
        self._run = run
        self.lines: list[Line] = [*read_lines(run / JOURNAL_FILE)]
        self._top = config.network.resolution
        self._say = say
        translates = offer_of(config.network).translates
        measuring = TranslationMetrics if translates else TickMetrics
        self._quality = measuring(prepared, config.tick_images)
        self._prepared = prepared
        self._reporter = Reporter(run, prepared, say)

    def measure(self, average: ImageGenerator, growth: Growth) -> dict[str, float]:
        """Measure the quality of the generated pictures by `training.quality.tick_metrics`."""
        return self._quality.measure(average, growth)

    def write_samples(self, average: ImageGenerator, growth: Growth, images_shown: int) -> Path:
        """Write the picture grid of the current generator.

        Raises:
            OSError: the disk is full.
        """
        folder = self._run / SAMPLES
        return write_samples(folder, average, growth, images_shown, self._prepared)

    def observe(self, line: Line) -> Line:
        """Return the new journal line with the alarms that it raises; they are also logged."""
        alarms = alarms_after([*self.lines, line])
        for alarm in alarms:
            self._say(f"warning: {alarm.kind}: {alarm.seen}. {alarm.advice}")
        self.lines.append({**line, **in_journal(alarms)})
        return self.lines[-1]

    def best(self) -> set[int]:
        """Images shown at the checkpoints to keep: the best, and the best of the tick before.

        The latter is the best again if the newest checkpoint is found damaged.
        """
        ticks = (best_tick(self.lines, self._top), best_tick(self.lines[:-1], self._top))
        return {tick for tick in ticks if tick is not None}

    def report(
        self, average: ImageGenerator, growth: Growth, trained: float, *, last: bool
    ) -> None:
        """Update the page of the run; `trained` in seconds."""
        self._reporter.report(average, growth, trained, last=last)
