"""A training with two checkpoints."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.run_folder.checkpoint_files import CPU, play
from training.config.config import TrainingConfig
from training.game.state import TrainingState
from training.run_folder.checkpoint import (
    Progress,
    save_checkpoint,
)


@pytest.fixture
def state(config: TrainingConfig) -> TrainingState:
    """Two steps into the fade: Adam has moments of every awake weight."""
    state = TrainingState.create(config, CPU)
    for images_shown in (32, 36):
        play(state, config, images_shown)
    return state


@pytest.fixture
def folder(tmp_path: Path, state: TrainingState) -> Path:
    """Two checkpoints, after 36 and 40 images."""
    folder = tmp_path / "checkpoints"
    for images in (36, 40):
        save_checkpoint(folder, state, Progress(images))
    return folder


@pytest.fixture
def fresh(config: TrainingConfig) -> TrainingState:
    """Players that have never played, of another seed."""
    return TrainingState.create(replace(config, seed=1), CPU)
