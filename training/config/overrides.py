"""Changes of a configuration by name: `--set name=value`.

Owns the lookup of a setting by name, the conversion of text to a value of the right type, and the
default weights of another objective. The limits of each setting are in `groups.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from models.families.config import FamilyConfig
from training.config.config import TrainingConfig
from training.config.groups import (
    AugmentationConfig,
    AverageConfig,
    ConfigError,
    LevelPlan,
    ObjectiveConfig,
    OptimizerConfig,
    PenaltyConfig,
)
from training.config.names import FLAT_NAMES, suggestion
from training.config.style_settings import StyleConfig
from training.config.translation import TranslationConfig
from training.config.values import read_value, setting_of
from training.objectives.losses import OBJECTIVES

FORMS = ("network.NAME", "levels.R.NAME", "levels.*.NAME")
GROUPS: dict[str, type[object]] = {
    "objective": ObjectiveConfig,
    "penalty": PenaltyConfig,
    "optimizer": OptimizerConfig,
    "average": AverageConfig,
    "augmentation": AugmentationConfig,
    "style": StyleConfig,
    "translation": TranslationConfig,
}
UNCHANGEABLE = ("family", "resolution")  # a preset decides them
LEVEL_NAMES = tuple(each.name for each in fields(LevelPlan) if each.name != "resolution")

Values = dict[str, Any]  # by name


def apply_settings(config: TrainingConfig, settings: Sequence[str]) -> TrainingConfig:
    """Apply `--set` options: all at once, so their order does not matter.

    Args:
        config: the configuration to change.
        settings: `seed=3`, `network.fmap_max=64`, or `levels.32.batch_size=16` (`levels.*` for
            all); of two with the same name, the last one counts.

    Raises:
        ConfigError: no such name, a value of the wrong type, or values that do not fit together.
    """
    return with_settings(config, parse_settings(settings))


def parse_settings(settings: Sequence[str]) -> dict[str, str]:
    """Parse `--set` options into texts by name.

    Raises:
        ConfigError: one is not of the form name=value.
    """
    texts: dict[str, str] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise ConfigError(f"--set takes name=value, not {setting!r}")
        texts.pop(name, None)
        texts[name] = text
    return texts


def with_settings(config: TrainingConfig, settings: Mapping[str, object]) -> TrainingConfig:
    """Change settings by name, all at once.

    Another objective also sets its default weights (`training.objectives.losses.Objective.usual`),
    the same at every level, because the weights of the preset belong to its own objective. A weight
    in `settings` has priority.

    Args:
        config: the configuration to change.
        settings: values by name; text is read as on the command line.

    Raises:
        ConfigError: no such name, a value of the wrong type, or values that do not fit together.
    """
    groups: dict[str, Values] = {group: {} for group in (*GROUPS, "network", "run")}
    levels = {plan.resolution: Values() for plan in config.levels}
    for name, given in settings.items():
        match path_of(name, config):
            case ("levels", which, key):
                value = read_value(name, setting_of(LevelPlan, key), given)
                for resolution in levels if which == "*" else (int(which),):
                    levels[resolution][key] = value
            case ("network", key):
                key = _known(key, network_names(config.network), "network.")
                kind = bool if isinstance(getattr(config.network, key), bool) else int
                groups["network"][key] = read_value(name, (kind, None), given)
            case (group, key):
                setting = setting_of(GROUPS[group], key)
                groups[group][key] = read_value(name, setting, given)
            case (key,):
                groups["run"][key] = read_value(name, setting_of(TrainingConfig, key), given)
            case _:
                raise AssertionError(name)
    usual, scale = usual_weights(config, groups["objective"])
    for group, weights in usual.items():
        groups[group] = weights | groups[group]
    changed: Values = {
        group: replace(getattr(config, group), **groups[group]) for group in GROUPS if groups[group]
    }
    changed["network"] = with_network(config.network, groups["network"])
    changed["levels"] = tuple(
        replace(plan, **(scale | levels[plan.resolution])) for plan in config.levels
    )
    return replace(config, **changed, **groups["run"])


def overruled(
    asked: TrainingConfig, taken: TrainingConfig, settings: Sequence[str]
) -> tuple[str, ...]:
    """Settings with another value in `taken`, with that value: `network.fmap_max=96`.

    Args:
        asked: the configuration with all settings applied.
        taken: the configuration that the run uses.
        settings: as for `apply_settings`. Those for all levels (`levels.*`) apply only to levels
            that can still change, so they are not among the results.
    """
    names = [name for name in parse_settings(settings) if "*" not in name]
    values = {name: value_of(taken, name) for name in names}
    return tuple(f"{k}={value}" for k, value in values.items() if value != value_of(asked, k))


# ----------------------------------------------------------------------------------------
# Names


def path_of(name: str, config: TrainingConfig) -> tuple[str, ...]:
    """Path of a setting in the configuration: `("penalty", "weight")`.

    Raises:
        ConfigError: there is no such name; the message suggests the closest one.
    """
    match name.split("."):
        case [key] if key in FLAT_NAMES:
            return FLAT_NAMES[key]
        case [*path] if tuple(path) in FLAT_NAMES.values():
            return tuple(path)
        case ["network", key]:
            return "network", _known(key, network_names(config.network), "network.")
        case ["levels", which, key]:
            resolutions = [str(plan.resolution) for plan in config.levels]
            if which not in ("*", *resolutions):
                raise ConfigError(f"no level {which}: there are {', '.join(resolutions)}")
            return "levels", which, _known(key, LEVEL_NAMES, f"levels.{which}.")
        case _:
            meant = suggestion(name, (*FLAT_NAMES, *map(".".join, FLAT_NAMES.values())))
            offered = ", ".join((*FLAT_NAMES, *FORMS))
            raise ConfigError(f"no setting named {name}{meant or f': there are {offered}'}")


def value_of(config: TrainingConfig, name: str) -> object:
    """Value of a setting, by any of its names except `levels.*`."""
    match path_of(name, config):
        case ("levels", which, key):
            (plan,) = (plan for plan in config.levels if str(plan.resolution) == which)
            return getattr(plan, key)
        case (group, key):
            return getattr(getattr(config, group), key)
        case (key, *_):
            return getattr(config, key)
        case _:
            raise AssertionError(name)


def network_names(network: FamilyConfig) -> tuple[str, ...]:
    """Names of the settings of a network that may be changed, those of its family."""
    return tuple(each.name for each in fields(network) if each.name not in UNCHANGEABLE)


def _known(key: str, offered: Sequence[str], prefix: str) -> str:
    if key not in offered:
        meant = suggestion(key, offered)
        if meant in {f"; did you mean {each}?" for each in offered}:
            meant = meant.replace("mean ", f"mean {prefix}")
        meant = meant or f": there are {', '.join(offered)}"
        raise ConfigError(f"no setting named {prefix}{key}{meant}")
    return key


def with_network(network: FamilyConfig, values: Values) -> FamilyConfig:
    """Change shapes of the network.

    Raises:
        ConfigError: no network has these shapes.
    """
    try:
        return replace(network, **values)
    except ValueError as error:
        words = " ".join(f"--set network.{key}={value}" for key, value in values.items())
        raise ConfigError(f"{words}: {error}") from error


def usual_weights(config: TrainingConfig, objective: Values) -> tuple[dict[str, Values], Values]:
    """Default weights of another objective: by their groups, and those of each level."""
    name = objective.get("name", config.objective.name)
    if name == config.objective.name:
        return {}, {}
    chosen = OBJECTIVES[name]
    groups: dict[str, Values] = {
        "penalty": {**chosen.usual},
        "optimizer": {"weight_clip": chosen.weight_clip},
    }
    return groups, {"penalty_scale": 1.0}
