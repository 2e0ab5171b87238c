"""A run that nothing disturbed, for the tests of the loop."""

from pathlib import Path

import pytest
import torch

from tests.training.run.watched_runs import go
from training.config.config import TrainingConfig
from training.data.stream import Prepared


@pytest.fixture(scope="module")
def undisturbed(
    config: TrainingConfig, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run from its first to its last image."""
    run = tmp_path_factory.mktemp("runs") / "undisturbed"
    torch.set_num_threads(1)
    go(config, prepared, run)
    return run
