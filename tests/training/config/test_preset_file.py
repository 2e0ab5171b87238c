"""Presets by name, and from files that are read as strictly as the configuration of a run."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest

from training.config.config import TrainingConfig
from training.config.groups import Change, ConfigError
from training.config.preset_file import (
    MOST_PRESET_BYTES,
    preset_argument,
    preset_of,
    read_preset,
)
from training.config.presets import PRESETS


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_is_the_same_by_name_and_from_its_file(name: str, tmp_path: Path) -> None:
    """Its file is the JSON form of every configuration."""
    path = tmp_path / "preset.json"
    path.write_text(PRESETS[name].to_json())

    assert preset_of(preset_argument(str(path))) == preset_of(preset_argument(name))


def test_a_name_that_is_neither_is_refused_with_both_ways() -> None:
    """A misspelt name gets the one that was meant."""
    with pytest.raises(argparse.ArgumentTypeError, match="did you mean personas-128"):
        preset_argument("persona-128")
    with pytest.raises(argparse.ArgumentTypeError, match=r"and files that end in \.json"):
        preset_argument("nobody")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no preset: the configuration"),
        ("[1]", "is no preset"),
        ("{}", "is no preset"),
        ("x" * (MOST_PRESET_BYTES + 1), "is no preset: it has more than 1,000,000 bytes"),
    ],
)
def test_other_files_are_refused(text: str, told: str, tmp_path: Path) -> None:
    """With their path."""
    path = tmp_path / "other.json"
    path.write_text(text)

    with pytest.raises(ConfigError, match=f"other.json {told}"):
        read_preset(path)


def test_a_file_that_is_missing_or_not_text_is_refused(tmp_path: Path) -> None:
    """The sentence says which files are presets."""
    with pytest.raises(ConfigError, match=r"cannot be read: .*No such file.*like config\.json"):
        read_preset(tmp_path / "missing.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_preset(tmp_path / "binary.json")


def test_an_unknown_key_and_a_value_out_of_its_limits_are_named(
    config: TrainingConfig, tmp_path: Path
) -> None:
    """As in the configuration of a run."""
    path = tmp_path / "preset.json"
    values = json.loads(config.to_json())
    path.write_text(json.dumps({**values, "speed": 9}))
    with pytest.raises(ConfigError, match="speed is no setting"):
        read_preset(path)
    path.write_text(json.dumps({**values, "seed": -1}))
    with pytest.raises(ConfigError, match="seed should be greater than or equal to 0, not -1"):
        read_preset(path)


def test_the_configuration_of_a_run_with_a_past_is_refused(
    config: TrainingConfig, tmp_path: Path
) -> None:
    """A new run with it would claim initial weights and changes that it does not have."""
    path = tmp_path / "config.json"
    path.write_text(replace(config, init_from="photos@123").to_json())
    with pytest.raises(ConfigError, match=r"with a past \(init_from\)"):
        read_preset(path)
    path.write_text(replace(config, changes=(Change(4, ("drift=1",)),)).to_json())
    with pytest.raises(ConfigError, match=r"with a past \(changes\)"):
        read_preset(path)
