"""Configurations of tests, changed by the short names of settings."""

from dataclasses import replace
from typing import Any

from training.config.config import TrainingConfig
from training.config.names import FLAT_NAMES
from training.config.overrides import with_settings


def with_values(config: TrainingConfig, **values: Any) -> TrainingConfig:
    """The configuration with other settings, and with other `network`, `levels` or `init_from`."""
    settings = {name: value for name, value in values.items() if name in FLAT_NAMES}
    rest = {name: value for name, value in values.items() if name not in FLAT_NAMES}
    return replace(with_settings(config, settings), **rest)
