"""The files of a search, read as strictly as they are written."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.tuning.outcome import (
    TrialOutcome,
    TrialSettings,
    TuningRequest,
    keep_request,
    read_request,
    read_values,
    require_same_request,
    write_values,
)


def test_files_are_read_as_they_were_written(
    request_: TuningRequest,
    config: TrainingConfig,
    make_outcome: Callable[..., TrialOutcome],
    tmp_path: Path,
) -> None:
    """Request, preset, settings and outcome."""
    keep_request(tmp_path / "new", request_, config)
    trial = TrialSettings({"mirror": False, "levels.4.learning_rate": 0.1}, 3, prunable=True)
    write_values(tmp_path / "t" / "trial.json", trial)
    write_values(tmp_path / "t" / "outcome.json", make_outcome())

    assert read_request(tmp_path / "new") == (request_, config)
    assert read_values(tmp_path / "t" / "trial.json", TrialSettings) == trial
    assert read_values(tmp_path / "t" / "outcome.json", TrialOutcome) == make_outcome()
    assert trial.config(config).seed == 3
    assert not trial.config(config).augmentation.mirror


@pytest.mark.parametrize("text", ["", "{}", '{"settings": {}, "seed": "1", "prunable": true}'])
def test_a_damaged_file_is_named(text: str, tmp_path: Path) -> None:
    """With what to do."""
    path = tmp_path / "trial.json"
    path.write_text(text)

    with pytest.raises(ConfigError, match=r"trial\.json is damaged"):
        read_values(path, TrialSettings)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_values(tmp_path / "missing.json", TrialSettings)


def test_another_search_in_the_same_folder_is_refused(
    request_: TuningRequest, config: TrainingConfig, tmp_path: Path
) -> None:
    """The message names what differs."""
    begun = (request_, config)
    require_same_request(tmp_path, begun, {"data": request_.data}, config)

    with pytest.raises(ConfigError, match="begun with another --data, --resolution, so"):
        require_same_request(tmp_path, begun, {"data": "1", "resolution": 4}, config)
    with pytest.raises(ConfigError, match="begun with another --preset or --set, so"):
        require_same_request(tmp_path, begun, {}, replace(config, seed=1))


def test_only_finished_trials_have_a_score(make_outcome: Callable[..., TrialOutcome]) -> None:
    """A pruned one has measurements, but not at its end."""
    assert make_outcome(2.5).score == 2.5
    assert make_outcome(2.5, state="pruned").score is None
