"""Opening a run: its folder is made, locked, and only taken where it is the same run."""

from dataclasses import replace
from pathlib import Path

import pytest

from training.config.config import CONFIG_FILE, TrainingConfig
from training.config.groups import Change, ConfigError
from training.data.stream import Prepared
from training.distributed import SINGLE
from training.run.opening import opened


def test_a_new_run_gets_its_folder(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """With configuration and origin, and a lock while it is open."""
    run = tmp_path / "run"
    with opened(config, prepared, run, SINGLE):
        assert {path.name for path in run.iterdir()} == {CONFIG_FILE, "data.json", "samples"}
        with (
            pytest.raises(ConfigError, match="being trained by another process"),
            opened(config, prepared, run, SINGLE),
        ):
            pass


def test_pictures_are_checked_against_the_settings_that_hold_now(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """A batch that is larger than the data is refused, also where it is a change."""
    larger = replace(config, changes=(Change(8, ("levels.*.batch_size=100",)),))
    with (
        pytest.raises(ConfigError, match="fewer than the largest batch of 100"),
        opened(larger, prepared, tmp_path / "run", SINGLE),
    ):
        pass
