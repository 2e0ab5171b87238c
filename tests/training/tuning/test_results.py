"""The files that a search leaves."""

import json
from collections.abc import Callable
from pathlib import Path

from training.config.config import TrainingConfig
from training.config.preset_file import read_preset
from training.tuning.outcome import TrialOutcome, TuningRequest
from training.tuning.results import tuned_preset, write_results
from training.tuning.searched import parse_searched
from training.tuning.study import TuningStudy


def test_the_best_settings_become_a_preset(
    config: TrainingConfig,
    request_: TuningRequest,
    make_outcome: Callable[..., TrialOutcome],
    tmp_path: Path,
) -> None:
    """The whole plan of the preset with only the searched settings changed; it can be read."""
    space = [parse_searched(text, config) for text in request_.search]
    outcomes = {"trial-0000": make_outcome(3.0, settings={}), "trial-0001": make_outcome(2.0)}
    study = TuningStudy(tmp_path, space, config)

    summary = write_results(tmp_path, request_, config, space, study, outcomes)

    preset = read_preset(tmp_path / "preset.json")
    assert (preset.preset, preset.optimizer.discriminator_rate) == ("tiny-tuned", 1.5)
    assert (preset.levels, preset.network, preset.seed) == (
        config.levels,
        config.network,
        config.seed,
    )
    assert tuned_preset(preset, outcomes["trial-0001"]) == preset
    assert "too few trials to say" in summary
    content = json.loads((tmp_path / "trials.json").read_text())
    assert content["best"] == "trial-0001"
    assert [*content["trials"]] == ["trial-0000", "trial-0001"]
    assert (tmp_path / "trials.txt").read_text().count("| 000") == 2
    assert (tmp_path / "tune.svg").read_text().startswith("<svg")
