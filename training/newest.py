"""The newest state of a run, read back to be exported or measured.

Owns the way from a run folder to its configuration and players. Changes nothing in it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import torch

from training.checkpoint import PATTERN, CheckpointError, Progress, load_newest
from training.config import TrainingConfig
from training.loop import CHECKPOINTS, CONFIG_FILE
from training.schedule import Moment, schedule_at
from training.step import Players


@dataclass(frozen=True)
class Newest:
    """A run as its newest whole checkpoint has it, on the CPU."""

    config: TrainingConfig
    players: Players
    progress: Progress

    @property
    def moment(self) -> Moment:
        """Where its schedule stands."""
        return schedule_at(self.progress.images_shown, self.config)


def load_run(run_folder: Path) -> Newest:
    """Read the newest whole checkpoint; a sentence on the standard error for each damaged one.

    Raises:
        CheckpointError: there is no run or checkpoint, or none is whole.
        ConfigError: the configuration of the run cannot be read.
    """
    path = run_folder / CONFIG_FILE
    if not path.exists() or not list((run_folder / CHECKPOINTS).glob(PATTERN)):
        raise CheckpointError(f"{run_folder} holds no checkpoint: train it first")
    config = TrainingConfig.from_json(path.read_text(encoding="utf-8"))
    players = Players.create(config, torch.device("cpu"))
    progress, damaged = load_newest(run_folder / CHECKPOINTS, players)
    for sentence in damaged:
        sys.stderr.write(f"passed over: {sentence}\n")
    return Newest(config, players, progress)
