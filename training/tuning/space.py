"""The settings that are searched together.

Owns the default space, and the checks of a space before any work. The syntax of `--search` is in
`searched.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.config.overrides import network_names, path_of, with_settings
from training.objectives.losses import OBJECTIVES
from training.tuning.searched import SearchedSetting, SearchValue, choices_of, parse_searched

Drawn = Mapping[str, SearchValue]  # by the name of the setting
Check = Callable[[TrainingConfig], None]  # raises a ConfigError

DEFAULT_RANGES = (
    "levels.*.learning_rate=x0.25:x8:log",
    "discriminator_rate=x0.25:x4:log",
    "penalty_weight=x0.1:x10:log",
    "levels.*.batch_size=x0.5,x1,x2",
    "network.fmap_max=x0.5,x0.75,x1,x1.5",
    "network.generator_maps=x0.5,x0.75,x1,x1.5",
    "network.discriminator_maps=x0.5,x0.75,x1,x1.5",
    "ema_half_life_images=x0.1:x2:log",
)
SHARES = (0.25, 0.5, 1.0)  # of a batch, for the default choices of penalty_share


def require_possible(searched: SearchedSetting, config: TrainingConfig, check: Check) -> None:
    """Try all choices, or both ends of a range.

    Raises:
        ConfigError: a value is not allowed, or `check` refuses it.
    """
    for value in searched.extremes:
        try:
            check(with_settings(config, searched.settings(value, config)))
        except ConfigError as error:
            raise ConfigError(f"--search {searched}: {error}") from error


def possible_part(
    searched: SearchedSetting, config: TrainingConfig, check: Check
) -> SearchedSetting | None:
    """The setting with its possible choices only; None if nothing is left to choose."""
    possible: list[str] = []
    for choice in searched.choices:
        try:
            check(with_settings(config, searched.settings(choice, config)))
        except ConfigError:
            continue
        possible.append(choice)
    if searched.choices:
        return choices_of(searched.name, ",".join(possible)) if len(possible) > 1 else None
    try:
        require_possible(searched, config, check)
    except ConfigError:
        return None
    return searched


def default_space(config: TrainingConfig, fixed: Sequence[str]) -> list[SearchedSetting]:
    """The settings that matter here, around the preset's own values.

    Left out are those in `fixed`, and those that this preset does not use.

    Args:
        config: the preset with `--set`.
        fixed: names that `--set` gives.
    """
    texts = [*DEFAULT_RANGES]
    if OBJECTIVES[config.objective.name].takes_share:
        shares = sorted({*SHARES, config.penalty.share})
        texts.append(f"penalty_share={','.join(f'{share:g}' for share in shares)}")
    shapes = {f"network.{name}" for name in network_names(config.network)}
    unused = {
        *({text.partition("=")[0] for text in texts if text.startswith("network.")} - shapes),
        *(("penalty_weight", "penalty_share") if config.penalty.weight == 0 else ()),
        *(("ema_half_life_images",) if config.average.decay else ()),
    }
    taken = {path_of(name, config) for name in fixed}
    kept = [
        text
        for text in texts
        if (name := text.partition("=")[0]) not in unused and path_of(name, config) not in taken
    ]
    return [parse_searched(text, config) for text in kept]


def space_of(
    config: TrainingConfig, searches: Sequence[str], fixed: Sequence[str], check: Check
) -> list[SearchedSetting]:
    """Settings of `--search`, or without any what is possible of the default space.

    Args:
        config: the preset with `--set`.
        searches: values of `--search`.
        fixed: names that `--set` gives.
        check: raises a ConfigError for a configuration that the data cannot train.

    Raises:
        ConfigError: a value is not allowed, or a setting is searched twice, or also fixed.
    """
    check(config)
    if not searches:
        default = default_space(config, fixed)
        kept = [possible_part(searched, config, check) for searched in default]
        return [searched for searched in kept if searched] or _nothing_left()
    space = [parse_searched(text, config) for text in searches]
    paths = [path_of(searched.name, config) for searched in space]
    for searched, path in zip(space, paths, strict=True):
        if paths.count(path) > 1:
            raise ConfigError(f"--search has {searched.name} twice: leave one out")
        if path in {path_of(name, config) for name in fixed}:
            raise ConfigError(f"{searched.name} is in --search and in --set: leave one out")
        require_possible(searched, config, check)
    return space


def _nothing_left() -> NoReturn:
    raise ConfigError("nothing is left to search: fix fewer settings by --set, or give --search")


def settings_of(
    space: Sequence[SearchedSetting], drawn: Drawn, config: TrainingConfig
) -> dict[str, object]:
    """Settings by name that all drawn values stand for together."""
    settings: dict[str, object] = {}
    for searched in space:
        settings |= searched.settings(drawn[searched.name], config)
    return settings
