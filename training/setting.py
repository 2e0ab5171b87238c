"""How words change a configuration: `--set name=value`.

Owns the names, with their dots, and the kinds of values. What a value may be is the business of
`config.py`.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TypeVar, get_type_hints

from models.config import NetworkConfig
from training.config import ConfigError, LevelPlan, TrainingConfig

Owner = TypeVar("Owner", TrainingConfig, NetworkConfig, LevelPlan)


def apply_setting(config: TrainingConfig, setting: str) -> TrainingConfig:
    """Change one setting, as `--set` says it.

    Args:
        config: where to start.
        setting: `seed=3`, `network.fmap_max=64`, or `levels.32.batch_size=16` (`levels.*` for all).

    Raises:
        ConfigError: no such name, or a value of the wrong kind.
    """
    name, equals, text = setting.partition("=")
    if not equals:
        raise ConfigError(f"--set takes name=value, not {setting!r}")
    try:
        match name.split("."):
            case ["network", key]:
                return replace(config, network=_with(config.network, key, text))
            case ["levels", which, key]:
                chosen = [str(plan.resolution) for plan in config.levels]
                if which not in ("*", *chosen):
                    raise ConfigError(f"no level {which}: there are {', '.join(chosen)}")
                plans = (
                    _with(plan, key, text) if which in ("*", str(plan.resolution)) else plan
                    for plan in config.levels
                )
                return replace(config, levels=tuple(plans))
            case [key] if key not in ("network", "levels", "preset", "init_from"):
                return _with(config, key, text)
            case _:
                raise ConfigError(f"no setting named {name}")
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(f"--set {setting}: {error}") from error


def _with(owner: Owner, key: str, text: str) -> Owner:
    names = [field.name for field in fields(owner)]
    if key not in names:
        raise ConfigError(f"no setting named {key}: there are {', '.join(names)}")
    return replace(owner, **{key: _parse(key, text, get_type_hints(type(owner))[key])})


def _parse(key: str, text: str, kind: type[object]) -> bool | float | str:
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ConfigError(f"{key} must be true or false, not {text!r}")
        return text.lower() == "true"
    if kind is str:
        return text
    try:
        return int(text) if kind is int else float(text)
    except ValueError as error:
        needed = "a whole number" if kind is int else "a number"
        raise ConfigError(f"{key} must be {needed}, not {text!r}") from error
