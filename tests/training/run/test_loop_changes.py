"""Settings that change in a run that has begun."""

from pathlib import Path

import pytest

from tests.training.run.watched_runs import Interrupted, Watching, go, interrupt, lasting, terminate
from training.config.config import ConfigError, TrainingConfig
from training.config.history import config_at
from training.config.overrides import apply_settings
from training.data.stream import Prepared
from training.run_folder.journal import read_lines
from training.run_folder.resume import continue_config, keep_config, read_config

CHANGES = ["levels.*.batch_size=2", "levels.*.learning_rate=0.0005", "penalty_weight=0.2"]

OTHERS = ["mirror=false", "augment=color", "precision=fp32", "levels.8.penalty_scale=0.5"]


@pytest.mark.parametrize(("stop", "settings"), [(36, CHANGES), (32, OTHERS)])
@pytest.mark.slow
def test_a_run_goes_on_with_other_settings_and_a_killed_one_in_the_same_bytes(
    config: TrainingConfig,
    prepared: Prepared,
    tmp_path: Path,
    undisturbed: Path,
    stop: int,
    settings: list[str],
) -> None:
    """In mid-level and at a tick; what was journalled before stays."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    asked = apply_settings(config, settings)
    for run in (whole, killed):
        go(config, prepared, run, Watching(stop, terminate))
    said = go(continue_config(whole, asked, settings), prepared, whole)
    with pytest.raises(Interrupted):
        go(continue_config(killed, asked, settings), prepared, killed, Watching(52, interrupt))

    # The first command again: what it does not name stays as it was changed.
    go(continue_config(killed, config, []), prepared, killed)

    for setting in settings[1:]:
        assert f"from {stop} images on: " in said
        assert setting.replace("*", "8") in said or "precision" in setting
    assert lasting(killed) == lasting(whole)
    lines = [read_lines(run / "journal.jsonl") for run in (undisturbed, whole)]
    assert lines[0][: stop // 16] == lines[1][: stop // 16]
    assert lines[0][-1] != lines[1][-1]


def test_a_change_that_is_taken_back_is_a_change(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """Each with the images after which it holds; the last one at a place counts."""
    run = tmp_path / "run"
    go(config, prepared, run, Watching(32, terminate))
    for settings in (["penalty_weight=0.2"], ["penalty_weight=0.3"], ["penalty_weight=0.05"]):
        asked = apply_settings(config, settings)
        keep_config(run, continue_config(run, asked, settings))

    kept = read_config(run / "config.json")

    assert [change.images_shown for change in kept.changes] == [32]
    assert config_at(kept, 31).penalty.weight == config_at(kept, 32).penalty.weight == 0.05


def test_what_made_the_run_cannot_change(
    config: TrainingConfig, prepared: Prepared, tmp_path: Path
) -> None:
    """The message says what can."""
    run = tmp_path / "run"
    go(config, prepared, run, Watching(32, terminate))
    for setting in ("seed=3", "network.fmap_max=4", "adam_beta2=0.5"):
        asked = apply_settings(config, [setting])

        with pytest.raises(ConfigError, match="What may change from here on is penalty_weight, "):
            go(continue_config(run, asked, [setting]), prepared, run)
