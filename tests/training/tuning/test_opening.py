"""Opening a search in a folder."""

from dataclasses import replace
from pathlib import Path

import pytest

from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.data.stream import Prepared
from training.run_folder.lock import run_lock
from training.tuning.opening import AskedSearch, check_with, fitted, opened_request, search_lock

ASKED = AskedSearch(("penalty_share=0.5,1",), None, 2.0, named_time=False)


def test_a_new_search_is_measured_and_goes_on_with_the_same_numbers(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """Another time of the trials counts only where it is named."""
    first = opened_request(tmp_path, ASKED, config, prepared)

    assert first.resolution in (4, 8)
    assert (first.pictures, first.trial_seconds) == (6, 2.0)
    longer = replace(ASKED, trial_seconds=9.0)
    assert opened_request(tmp_path, longer, config, prepared) == first
    with pytest.raises(ConfigError, match="another --trial-minutes, so"):
        opened_request(tmp_path, replace(longer, named_time=True), config, prepared)
    with pytest.raises(ConfigError, match="another --score, so"):
        opened_request(tmp_path, replace(ASKED, score="parts"), config, prepared)
    with pytest.raises(ConfigError, match="another --search, so"):
        opened_request(tmp_path, replace(ASKED, search=("drift=0:1",)), config, prepared)


def test_the_resolution_can_be_given(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """One that the preset shows."""
    with pytest.raises(ConfigError, match="--resolution is one of 4, 8, not 16"):
        opened_request(tmp_path, replace(ASKED, resolution=16), config, prepared)
    given = opened_request(tmp_path, replace(ASKED, resolution=8), config, prepared)
    assert given.resolution == 8


def test_a_folder_with_other_things_is_left_alone(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """A run, for example, or one's home."""
    (tmp_path / "letter.txt").touch()

    with pytest.raises(ConfigError, match="is not empty and holds no search"):
        opened_request(tmp_path, ASKED, config, prepared)


def test_two_commands_cannot_use_one_folder(tmp_path: Path) -> None:
    """The second one is told what to do."""
    with (
        run_lock(tmp_path),
        pytest.raises(ConfigError, match="or choose another --out"),
        search_lock(tmp_path),
    ):
        pass


def test_configurations_are_checked_with_the_data(
    config: TrainingConfig, conditional: TrainingConfig, prepared: Prepared
) -> None:
    """After precision and shape were taken from them."""
    check_with(prepared)(config)
    assert fitted(replace(config, precision="auto"), prepared).precision in ("fp32", "bf16")
    with pytest.raises(ConfigError, match="has 0 classes"):
        check_with(prepared)(conditional)
