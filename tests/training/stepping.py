"""Steps as tests play them: random pictures, a moment of the schedule, and what changed."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models.picture import Pixels
from training.config.config import TrainingConfig
from training.game.schedule import ScheduleState, schedule_at
from training.game.state import TrainingState
from training.game.step import take_step
from training.objectives.losses import OBJECTIVES, Loss

HELD = 60  # images shown: 8 px alone, in the plan of the tests
Weights = dict[str, Tensor]


def pixels_for(schedule: ScheduleState, seed: int = 0) -> Pixels:
    """Random pictures of the right size and number."""
    size = schedule.growth.resolution
    shape = (schedule.batch_size, size, size, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def play(state: TrainingState, config: TrainingConfig, images_shown: int) -> dict[str, float]:
    """One step at a moment of the schedule."""
    schedule = schedule_at(images_shown, config)
    return take_step(state, schedule, config, pixels_for(schedule))


def weights_of(network: nn.Module) -> Weights:
    """A copy."""
    return {name: value.detach().clone() for name, value in network.named_parameters()}


def changed(network: nn.Module, before: Weights) -> set[str]:
    """The names of the weights that are no longer what they were."""
    return {k for k, value in network.named_parameters() if not torch.equal(value, before[k])}


def parts_of(names: set[str]) -> set[str]:
    """The layers or levels that weights belong to."""
    return {".".join(name.split(".")[:2]) for name in names}


def use_game(monkeypatch: pytest.MonkeyPatch, **parts: Callable[..., Loss]) -> None:
    """Replace a player's part in the objective of the tests."""
    monkeypatch.setitem(OBJECTIVES, "rpgan-r1r2", replace(OBJECTIVES["rpgan-r1r2"], **parts))
