"""Presets by name or by file: the value of `--preset`.

Owns the file form of a preset, which is that of `config.json` in the folder of a run, read as
strictly. Knows no run and no search for better settings.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.config.names import suggestion
from training.config.presets import PRESETS

ENDING = ".json"
MOST_PRESET_BYTES = 1_000_000  # a configuration has about 2,000


def preset_argument(text: str) -> str:
    """Parse the value of `--preset`: a name, or the path of a file that ends in `.json`."""
    if text in PRESETS or text.endswith(ENDING):
        return text
    meant = suggestion(text, PRESETS)
    if not meant:
        meant = f": there are {', '.join(sorted(PRESETS))}, and files that end in {ENDING}"
    raise argparse.ArgumentTypeError(f"no preset named {text}{meant}")


def preset_of(text: str) -> TrainingConfig:
    """Preset of a value that `preset_argument` accepted.

    Raises:
        ConfigError: the file is missing, damaged, or is of a run that depends on its past.
    """
    return PRESETS[text] if text in PRESETS else read_preset(Path(text))


def read_preset(path: Path) -> TrainingConfig:
    """Read a preset file.

    Raises:
        ConfigError: it is missing or damaged, or has settings that only a run can have.
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MOST_PRESET_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"the preset {path} cannot be read: {error}. A preset is a file like config.json in "
            "the folder of a run, or preset.json of `tune`"
        ) from error
    if len(text) > MOST_PRESET_BYTES:
        raise ConfigError(f"{path} is no preset: it has more than {MOST_PRESET_BYTES:,} bytes")
    try:
        config = TrainingConfig.from_json(text)
    except ConfigError as error:
        raise ConfigError(f"{path} is no preset: {error}") from error
    for name, value in (("init_from", config.init_from), ("changes", config.changes)):
        if value:
            raise ConfigError(
                f"{path} is of a run with a past ({name}), which a new run cannot repeat: remove "
                f"{name} from a copy of it, and give that"
            )
    return config
