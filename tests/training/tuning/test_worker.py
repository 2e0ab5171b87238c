"""The process of a trial; what needs a real one is in test_search.py."""

from dataclasses import replace
from pathlib import Path

import pytest

from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.data.stream import Prepared
from training.tuning.outcome import TrialSettings, TuningRequest, keep_request, write_values
from training.tuning.worker import config_of


def test_a_new_trial_is_planned_and_a_resumed_one_keeps_its_plan(
    config: TrainingConfig, prepared: Prepared, request_: TuningRequest, tmp_path: Path
) -> None:
    """Its speed is measured only once."""
    keep_request(tmp_path, replace(request_, trial_seconds=0.5), config)
    run = tmp_path / "trial-0001"
    with pytest.raises(ConfigError, match=r"trial\.json cannot be read"):
        config_of(run, prepared)
    write_values(run / "trial.json", TrialSettings({"network.fmap_max": 4}, 5, prunable=True))

    planned = config_of(run, prepared)
    (run / "config.json").write_text(replace(planned, tick_images=77).to_json())

    assert (planned.network.to_dict()["fmap_max"], planned.seed) == (4, 5)
    assert planned.levels[0].stable_images <= config.levels[0].stable_images
    assert planned.levels[1].stable_images > config.levels[1].stable_images
    assert config_of(run, prepared) == replace(planned, tick_images=77)
