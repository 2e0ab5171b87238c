"""How words change a configuration: `--set name=value`.

Owns the names, with their dots, the kinds of values, and what comes along with another objective.
What a value may be is the business of `config.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import get_type_hints

from models.families.progan.config import NetworkConfig
from training.config.config import ConfigError, LevelPlan, TrainingConfig
from training.objectives.losses import OBJECTIVES

# What the preset, the options and the schedule say.
NOT_SET: dict[type[TrainingConfig | NetworkConfig | LevelPlan], tuple[str, ...]] = {
    TrainingConfig: ("preset", "network", "levels", "init_from"),
    NetworkConfig: ("resolution",),
    LevelPlan: ("resolution",),
}
FORMS = ("network.NAME", "levels.R.NAME", "levels.*.NAME")

Values = dict[str, bool | float | str]  # by name


def apply_settings(config: TrainingConfig, settings: Sequence[str]) -> TrainingConfig:
    """Change settings, as `--set` says them: all at once, so that their order does not matter.

    Another objective brings its usual weights along
    (`training.objectives.losses.Objective.usual`), the same at every level: those of
    the preset, which mean something else there, go with its objective. A weight that is set itself
    is kept.

    Args:
        config: where to start.
        settings: `seed=3`, `network.fmap_max=64`, or `levels.32.batch_size=16` (`levels.*` for
            all); of two with the same name, the last one counts.

    Raises:
        ConfigError: no such name, a value of the wrong kind, or values that do not fit together.
    """
    own, network = Values(), Values()
    levels = {plan.resolution: Values() for plan in config.levels}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise ConfigError(f"--set takes name=value, not {setting!r}")
        match name.split("."):
            case ["network", key]:
                network |= _read(NetworkConfig, key, text)
            case ["levels", which, key]:
                for resolution in _chosen(which, levels):
                    levels[resolution] |= _read(LevelPlan, key, text)
            case [key] if key not in NOT_SET[TrainingConfig]:
                own |= _read(TrainingConfig, key, text)
            case _:
                raise ConfigError(f"no setting named {name}: {_offered(TrainingConfig)}")
    try:
        shapes = replace(config.network, **network)
    except ValueError as error:
        told = " ".join(f"--set network.{key}={value}" for key, value in network.items())
        raise ConfigError(f"{told}: {error}") from error
    usual, scale = _brought_along(config, own)
    plans = tuple(replace(plan, **(scale | levels[plan.resolution])) for plan in config.levels)
    return replace(config, network=shapes, levels=plans, **(usual | own))


def overruled(
    asked: TrainingConfig, taken: TrainingConfig, settings: Sequence[str]
) -> tuple[str, ...]:
    """The settings that have another value in `taken`, with that: `network.fmap_max=96`.

    Args:
        asked: where all of them are applied.
        taken: the same run, after something else had its say.
        settings: as for `apply_settings`. One for all levels (`levels.*`) means those that are
            left to be set, so it is not among the answers.
    """
    names = dict.fromkeys(setting.partition("=")[0] for setting in settings)
    told = {name: _value_of(taken, name) for name in names if "*" not in name}
    return tuple(f"{k}={value}" for k, value in told.items() if value != _value_of(asked, k))


def _brought_along(config: TrainingConfig, own: Values) -> tuple[Values, Values]:
    """What a change of the objective changes, too: of the run, and of each level."""
    objective = own.get("objective", config.objective)
    if objective == config.objective or objective not in OBJECTIVES:
        return {}, {}
    return {**OBJECTIVES[str(objective)].usual}, {"penalty_scale": 1.0}


def _value_of(config: TrainingConfig, name: str) -> object:
    match name.split("."):
        case ["network", key]:
            return getattr(config.network, key)
        case ["levels", which, key]:
            (plan,) = (plan for plan in config.levels if str(plan.resolution) == which)
            return getattr(plan, key)
        case _:
            return getattr(config, name)


def _offered(owner: type[TrainingConfig | NetworkConfig | LevelPlan]) -> str:
    names = [field.name for field in fields(owner) if field.name not in NOT_SET[owner]]
    return f"there are {', '.join((*names, *(FORMS if owner is TrainingConfig else ())))}"


def _chosen(which: str, levels: dict[int, Values]) -> list[int]:
    """The resolutions that `which` names: one, or `*` for all."""
    chosen = [resolution for resolution in levels if which in ("*", str(resolution))]
    if not chosen:
        raise ConfigError(f"no level {which}: there are {', '.join(map(str, levels))}")
    return chosen


def _read(owner: type[TrainingConfig | NetworkConfig | LevelPlan], key: str, text: str) -> Values:
    if key not in [field.name for field in fields(owner)]:
        raise ConfigError(f"no setting named {key}: {_offered(owner)}")
    return {key: _parse(key, text, get_type_hints(owner)[key])}


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
