"""The settings of styles: limits, and their place in a configuration file."""

from __future__ import annotations

import json

import pytest

from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.config.overrides import apply_settings
from training.config.presets import PRESETS
from training.config.style_settings import StyleConfig


def test_they_are_off_and_not_written_for_other_networks() -> None:
    """So a configuration of another family is what it was before there were styles."""
    config = PRESETS["tiny"]

    assert config.style == StyleConfig(mixing=0.0, path_length_weight=0.0)
    assert "style" not in json.loads(config.to_json())


def test_they_come_back_from_a_file() -> None:
    """As any group."""
    config = apply_settings(PRESETS["stylegan-32"], ["style_mixing=0.3", "path_length_weight=1"])

    assert (config.style.mixing, config.style.path_length_weight) == (0.3, 1.0)
    assert TrainingConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize("setting", ["style_mixing=1.1", "path_length_share=0"])
def test_values_out_of_range_are_refused(setting: str) -> None:
    """By the name that the command line has."""
    with pytest.raises(ConfigError, match=setting.partition("=")[0]):
        apply_settings(PRESETS["stylegan-32"], [setting])
