"""Folders of trials: their names, their locks, and which of them is the best.

Owns these rules. Starts nothing and writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from training.config.groups import ConfigError
from training.run_folder.lock import run_lock
from training.tuning.outcome import TrialOutcome

BASELINE = 0  # number of the trial with the preset's own settings
LOCK_SECONDS = 60  # for the processes of a search that was killed to write their checkpoints


def trial_name(number: int) -> str:
    """Name of the folder of a trial of the search."""
    return f"trial-{number:04d}"


def repeat_name(name: str, seed: int) -> str:
    """Name of the folder of a repeat of a trial with another seed."""
    return f"{name}-seed{seed}"


def best_trial(outcomes: Mapping[str, TrialOutcome]) -> str | None:
    """Name of the finished trial with the lowest score, without repeats."""
    scores = {
        name: outcome.score
        for name, outcome in outcomes.items()
        if is_searched(name) and outcome.score is not None
    }
    return min(scores, key=lambda name: (scores[name], name), default=None)


def is_searched(name: str) -> bool:
    """True for a trial of the search, False for a repeat."""
    return "seed" not in name


def number_of_trial(name: str) -> int:
    """Number of a trial of the search."""
    return int(name.rpartition("-")[2])


def wait_for_lock(folder: Path, say: Callable[[str], None]) -> None:
    """Wait until no process of an earlier session trains a trial.

    Raises:
        ConfigError: one still does after a minute.
    """
    deadline = time.monotonic() + LOCK_SECONDS
    told = False
    while True:
        try:
            with run_lock(folder):
                return
        except ConfigError:
            if time.monotonic() > deadline:
                raise
            if not told:
                say(f"waiting for a process of an earlier session to leave {folder.name}")
            told = True
            time.sleep(0.1)
