"""The files of checkpoints, and a training that writes some."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.config.config import TrainingConfig
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.game.step import take_step

CPU = torch.device("cpu")


def play(state: TrainingState, config: TrainingConfig, images_shown: int) -> None:
    """One step of fading in at random pictures."""
    schedule = schedule_at(images_shown, config)
    size = schedule.growth.resolution
    pixels = np.random.default_rng(images_shown).integers(0, 256, (4, size, size, 3), np.uint8)
    take_step(state, schedule, config, pixels)


def names(folder: Path) -> list[str]:
    """All files, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


def pair(images: int) -> list[str]:
    """The two files of a checkpoint."""
    return [f"checkpoint-{images:010d}.json", f"checkpoint-{images:010d}.safetensors"]


def equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    """The same names and the same bits."""
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)
