"""The processor time and the score of one trial, while it trains.

Owns both: the time is measured after each step and recorded with each checkpoint, the score is
measured at fixed parts of the time and at its end; that does not count as time of the trial. Knows
no other trial; the decision to end a trial early is asked for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter

from models.family import ImageGenerator
from training.data.stream import Prepared
from training.game.schedule import ScheduleState
from training.run_folder.checkpoint import Progress
from training.run_folder.journal import append_line, read_lines, truncate_after
from training.tuning.outcome import Measurement, TuningRequest
from training.tuning.score import scorer_of

SCORES_FILE, PROCESSOR_FILE = "scores.jsonl", "processor.jsonl"
RUNGS = (30, 50, 70)  # percent of the processor time at which a trial may be pruned

Decide = Callable[[Measurement], bool]  # True to go on


class TrialWatch:
    """Watches one trial; `training.run.loop` calls it after each step and each checkpoint.

    Args:
        run: the folder of the trial.
        request: time, resolution and the scale of the score.
        prepared: the real pictures.
        images_shown: at the checkpoint from which the trial goes on; later records are dropped.
        decide: asked at each rung.
    """

    def __init__(
        self,
        run: Path,
        request: TuningRequest,
        prepared: Prepared,
        images_shown: int,
        decide: Decide,
    ) -> None:
        self._run, self._request, self._decide = run, request, decide
        self._scorer = scorer_of(prepared, request)
        for name in (SCORES_FILE, PROCESSOR_FILE):
            truncate_after(run / name, images_shown)
        self._before = processor_seconds_of(run)
        self._began = time.process_time()
        passed = 100 * self._before / request.trial_seconds
        self._rungs = [rung for rung in RUNGS if rung > passed]

    @property
    def used(self) -> float:
        """Processor seconds of the trial so far, in all sessions."""
        return self._before + time.process_time() - self._began

    def step(self, average: ImageGenerator, schedule: ScheduleState, images_shown: int) -> bool:
        """Return True if the trial ends after this step: its time is over, or it is pruned."""
        percent = 100 * self.used / self._request.trial_seconds
        if percent >= 100:
            if self._comparable(schedule):
                self._measure(average, 100, images_shown)
            return True
        passed = [rung for rung in self._rungs if rung <= percent]
        self._rungs = self._rungs[len(passed) :]
        if not passed or not self._comparable(schedule):
            return False
        return not self._decide(self._measure(average, passed[-1], images_shown))

    def saved(self, progress: Progress) -> None:
        """Record the processor time of a checkpoint."""
        line = {"images_shown": progress.images_shown, "processor_seconds": round(self.used, 3)}
        append_line(self._run / PROCESSOR_FILE, line)

    def _comparable(self, schedule: ScheduleState) -> bool:
        growth = schedule.growth
        return growth.resolution == self._request.resolution and not growth.fading

    def _measure(self, average: ImageGenerator, percent: int, images_shown: int) -> Measurement:
        began, used = time.process_time(), round(self.used, 3)
        measured = Measurement(percent, images_shown, used, **self._scorer(average))
        append_line(self._run / SCORES_FILE, asdict(measured))
        self._began += time.process_time() - began  # measuring is not training
        return measured


def processor_seconds_of(run: Path) -> float:
    """Processor seconds of a trial at its newest checkpoint; 0 before the first."""
    lines = read_lines(run / PROCESSOR_FILE)
    return cast("float", lines[-1]["processor_seconds"]) if lines else 0.0


def measurements_of(run: Path) -> tuple[Measurement, ...]:
    """Measurements of a trial so far, oldest first."""
    lines = [json.dumps(line) for line in read_lines(run / SCORES_FILE)]
    return tuple(TypeAdapter(Measurement).validate_json(line) for line in lines)
