"""Settings that change in the course of a run.

Owns `config_at`: the configuration as a pure function of images shown, so that a resumed run needs
only its configuration file.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from training.config.config import TrainingConfig
from training.config.overrides import apply_settings


def config_at(config: TrainingConfig, images_shown: int) -> TrainingConfig:
    """Settings of the step that begins after `images_shown` images; without changes, `config`."""
    if not config.changes:
        return config
    return _changed(config, sum(c.images_shown <= images_shown for c in config.changes))


@lru_cache(maxsize=8)
def _changed(config: TrainingConfig, count: int) -> TrainingConfig:
    texts = [text for change in config.changes[:count] for text in change.settings]
    return apply_settings(replace(config, changes=()), texts)
