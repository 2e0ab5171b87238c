"""One searched setting: its range or choices, and the settings that a drawn value stands for.

Owns the syntax of `--search`. Draws nothing and knows no run. A value with an `x` in front
multiplies the value of the preset, at each level its own for `levels.*`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from models.plain_number import decimal_number
from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.config.overrides import path_of, value_of, with_settings

SearchValue = float | str  # a number of a range, or one of the choices

TIMES = "x"
OWNED = (  # by the plan of a trial
    *("tick_images", "cool_down_images", "cool_down", "seed", "precision"),
    *("fade_images", "stable_images", "channels", "classes", "base_height", "base_width"),
)


@dataclass(frozen=True)
class SearchedSetting:
    """One setting with the values that are tried.

    Attributes:
        name: as for `--set`.
        text: as for `--search`, without the name.
        low: smallest number of a range; 0 for choices.
        high: largest number of a range; 0 for choices.
        log: True if a range is searched on a logarithmic scale.
        choices: values to choose from; empty for a range.
        relative: True if the numbers of a range multiply the preset's value.
    """

    name: str
    text: str
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: tuple[str, ...] = ()
    relative: bool = False

    def __str__(self) -> str:
        return f"{self.name}={self.text}"

    @property
    def extremes(self) -> tuple[SearchValue, ...]:
        """Ends of the range, or all choices."""
        return self.choices or (self.low, self.high)

    def settings(self, value: SearchValue, config: TrainingConfig) -> dict[str, object]:
        """Settings by name that a value stands for.

        Raises:
            ConfigError: the preset's value is no number to multiply.
        """
        if isinstance(value, str) and not value.startswith(TIMES):
            return {self.name: value}
        factor = decimal_number(value.removeprefix(TIMES)) if isinstance(value, str) else value
        relative = self.relative or isinstance(value, str)
        if not relative:
            return {self.name: like(value_at(self.name, config), factor, self.name)}
        return {
            name: like(own, own * factor, name)
            for name in setting_names(self.name, config)
            if (own := number_of(name, config)) is not None
        }

    def preset_value(self, config: TrainingConfig) -> SearchValue | None:
        """Value that stands for the preset's own setting; None if it is not in the range."""
        if self.choices:
            same = (c for c in self.choices if self._changes_nothing(c, config))
            return next(same, None)
        own = 1.0 if self.relative else value_at(self.name, config)
        if not isinstance(own, int | float):
            return None
        return float(own) if self.low <= own <= self.high else None

    def _changes_nothing(self, value: SearchValue, config: TrainingConfig) -> bool:
        return with_settings(config, self.settings(value, config)) == config


def like(own: object, number: float, name: str) -> int | float:
    """Number of the type of the preset's value: whole numbers are rounded, to 1 or more.

    Raises:
        ConfigError: the preset's value is no number.
    """
    if isinstance(own, bool) or not isinstance(own, int | float):
        raise ConfigError(f"{name} is no number: give its values as choices, {name}=a,b")
    return max(1, round(number)) if isinstance(own, int) else number


def number_of(name: str, config: TrainingConfig) -> int | float | None:
    """Value of a setting that can be multiplied.

    Raises:
        ConfigError: it is no number.
    """
    own = value_of(config, name)
    like(own, 1.0, name)
    return own if isinstance(own, int | float) else None


def setting_names(name: str, config: TrainingConfig) -> list[str]:
    """The setting itself, or for `levels.*` that of each level."""
    match path_of(name, config):
        case ("levels", "*", key):
            return [f"levels.{plan.resolution}.{key}" for plan in config.levels]
        case _:
            return [name]


def value_at(name: str, config: TrainingConfig) -> object:
    """Value of a setting; for `levels.*` that of the last level."""
    return value_of(config, setting_names(name, config)[-1])


def parse_searched(text: str, config: TrainingConfig) -> SearchedSetting:
    """Parse `NAME=LOW:HIGH`, `NAME=LOW:HIGH:log` or `NAME=a,b,c`.

    Raises:
        ConfigError: another form, or no such setting.
    """
    name, equals, values = text.partition("=")
    forms = "NAME=LOW:HIGH, NAME=LOW:HIGH:log or NAME=a,b,c"
    if not equals or not values:
        raise ConfigError(f"--search takes {forms}, not {text!r}")
    if path_of(name, config)[-1] in OWNED:
        raise ConfigError(f"--search {text}: {name} is set by the plan of each trial or the data")
    return _range_of(name, values) if ":" in values else choices_of(name, values)


def _range_of(name: str, text: str) -> SearchedSetting:
    ends = text.split(":")
    log = ends[-1] == "log"
    numbers = ends[:-1] if log else ends
    relative = all(each.startswith(TIMES) for each in numbers)
    try:
        low, high = (
            decimal_number(each.removeprefix(TIMES) if relative else each) for each in numbers
        )
    except ValueError as error:
        raise ConfigError(
            f"--search {name}={text}: a range is LOW:HIGH or LOW:HIGH:log, both ends numbers, or "
            "both factors such as x0.5:x2"
        ) from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ConfigError(f"--search {name}={text}: LOW must be smaller than HIGH")
    if (log or relative) and low <= 0:
        raise ConfigError(f"--search {name}={text}: LOW of log or of factors must be above 0")
    return SearchedSetting(name, text, low, high, log, relative=relative)


def choices_of(name: str, text: str) -> SearchedSetting:
    """Setting with choices, from `a,b,c`.

    Raises:
        ConfigError: there are fewer than two, or one begins as a factor and is none.
    """
    choices = tuple(dict.fromkeys(text.split(",")))
    if len(choices) < 2:
        raise ConfigError(
            f"--search {name}={text}: a choice needs two values or more; a single one is --set"
        )
    for factor in (choice for choice in choices if choice.startswith(TIMES)):
        try:
            decimal_number(factor.removeprefix(TIMES))
        except ValueError as error:
            raise ConfigError(f"--search {name}={text}: {factor!r} is no factor as x0.5") from error
    return SearchedSetting(name, text, choices=choices)
