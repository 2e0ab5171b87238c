"""The settings that a step reads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
import torch

from tests.training.settings import with_values
from tests.training.stepping import HELD, pixels_for, play
from tests.training.styled import tiny_stylegan
from training.config.config import TrainingConfig
from training.game.schedule import schedule_at
from training.game.settings import StepSettings
from training.game.state import TrainingState
from training.game.step import take_step

NAMES = sorted(name for name in vars(StepSettings) if not name.startswith("_"))
CPU = torch.device("cpu")


@pytest.mark.parametrize("family", ["progan", "stylegan"])
def test_a_step_reads_no_other_settings(config: TrainingConfig, family: str) -> None:
    """Without the rest of a run the numbers are the same."""
    if family == "stylegan":
        config = tiny_stylegan(mixing=1.0, path_length_weight=2.0)
    config = with_values(config, augment="translation")
    values = {name: getattr(config, name) for name in NAMES}
    settings = cast("StepSettings", SimpleNamespace(**values))
    schedule = schedule_at(HELD, config)

    numbers = take_step(TrainingState.create(config, CPU), schedule, settings, pixels_for(schedule))

    assert numbers == play(TrainingState.create(config, CPU), config, HELD)
