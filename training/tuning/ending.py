"""The end of a trial: its state, its outcome, and what is removed of it.

Owns these, from the files of its folder and the exit code of its process. Starts nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from training.config.groups import ConfigError
from training.run_folder.checkpoint import CHECKPOINTS
from training.run_folder.journal import JOURNAL_FILE, read_lines
from training.tuning.folders import BASELINE, best_trial, trial_name
from training.tuning.outcome import (
    TRIAL_SETTINGS_FILE,
    State,
    TrialOutcome,
    TrialSettings,
    TuningRequest,
    read_values,
)
from training.tuning.processes import LOG_FILE, WorkerEvent
from training.tuning.watch import PROCESSOR_FILE, measurements_of, processor_seconds_of
from training.tuning.worker import DIVERGED, NO_DISK

WHOLE = 100  # percent


def ending_of(
    event: WorkerEvent, request: TuningRequest, *, pruned: bool
) -> tuple[State | Literal["stopped"], str]:
    """State of a trial whose process has ended, and the reason where it is not plain.

    "stopped" means that its process was asked to stop by others than the search.

    Args:
        event: the end of the process.
        request: of the search.
        pruned: True if the search ended it.

    Raises:
        OSError: the disk is full.
    """
    folder, code = event.folder, event.code
    reason = last_line(folder / LOG_FILE)
    if code == NO_DISK:
        raise OSError(f"{folder.name}: {reason}")
    if code == DIVERGED:
        return "diverged", reason
    if code:
        ended = f"ended by signal {-code}" if code < 0 else f"ended with code {code}"
        return "failed", f"{ended}: {reason}"
    measured = measurements_of(folder)
    if measured and measured[-1].percent == WHOLE:
        return "finished", ""
    if pruned:
        return "pruned", ""
    if processor_seconds_of(folder) < request.trial_seconds:
        return "stopped", "it was stopped from outside, twice"
    why = f"its time ended before {request.resolution} px was stable"
    return "failed", f"{why}: more --trial-minutes or a lower --resolution is needed"


def read_outcome(folder: Path, state: State, reason: str) -> TrialOutcome:
    """Outcome of a trial, from the files in its folder."""
    trial = read_values(folder / TRIAL_SETTINGS_FILE, TrialSettings)
    lines = [*read_lines(folder / JOURNAL_FILE), *read_lines(folder / PROCESSOR_FILE)]
    return TrialOutcome(
        state=state,
        settings=trial.settings,
        seed=trial.seed,
        images_shown=max((int(str(line["images_shown"])) for line in lines), default=0),
        processor_seconds=processor_seconds_of(folder),
        measurements=measurements_of(folder),
        reason=reason,
    )


def remove_checkpoints(out: Path, outcomes: Mapping[str, TrialOutcome]) -> None:
    """Delete the checkpoints of all ended trials except the best one of the search."""
    for name in outcomes.keys() - {best_trial(outcomes)}:
        shutil.rmtree(out / name / CHECKPOINTS, ignore_errors=True)


def require_baseline(out: Path, outcomes: Mapping[str, TrialOutcome]) -> None:
    """Refuse to go on if the preset's own settings did not finish: nothing to compare with.

    Raises:
        ConfigError: with the reason.
    """
    name = trial_name(BASELINE)
    if name in outcomes and outcomes[name].state != "finished":
        raise ConfigError(
            f"the trial with the preset's own settings {outcomes[name].state} "
            f"({outcomes[name].reason}), so there is nothing to compare with: choose another --out "
            f"for the next try; {out / name / LOG_FILE} may tell more"
        )


def last_line(path: Path) -> str:
    """Last line of a log; empty without any."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line for line in reversed(lines) if line.strip()), "")
