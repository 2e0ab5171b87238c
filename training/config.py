"""What a run is told: a frozen configuration, and how words change it.

Owns `TrainingConfig`, its JSON form and `--set name=value`. The named ones are in `presets.py`;
what follows from images shown is in `schedule.py`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self, TypeVar, get_type_hints

from models.config import NetworkConfig
from training.losses import OBJECTIVES

CONFIG_FILE = "config.json"  # in the folder of a run

Owner = TypeVar("Owner", "TrainingConfig", NetworkConfig, "LevelPlan")


class ConfigError(ValueError):
    """A setting that cannot be; the message says what is allowed."""


# What a number may be, in words and in code.
Limit = tuple[str, Callable[[float], bool]]
AT_LEAST_0: Limit = ("0 or more", lambda value: value >= 0)
AT_LEAST_1: Limit = ("1 or more", lambda value: value >= 1)
ABOVE_0: Limit = ("above 0", lambda value: value > 0)
BELOW_1: Limit = ("0 or more and below 1", lambda value: 0 <= value < 1)

LEVEL_LIMITS: dict[str, Limit] = {
    "fade_images": AT_LEAST_0,
    "stable_images": AT_LEAST_0,
    "batch_size": AT_LEAST_1,
    "learning_rate": ABOVE_0,
}
LIMITS: dict[str, Limit] = {
    "penalty_weight": AT_LEAST_0,
    "penalty_share": ("above 0 and up to 1", lambda value: 0 < value <= 1),
    "penalty_target": ABOVE_0,
    "drift": AT_LEAST_0,
    "stddev_group": AT_LEAST_0,
    "adam_beta2": BELOW_1,
    "ema_decay": BELOW_1,
    "ema_half_life_images": ABOVE_0,
    "warm_up_images": AT_LEAST_0,
    "tick_images": AT_LEAST_1,
    "seed": ("from 0 to 2^63 - 1", lambda value: 0 <= value < 2**63),
}


@dataclass(frozen=True)
class LevelPlan:
    """How one resolution is learned.

    Attributes:
        resolution: width and height in pixels.
        fade_images: real images shown while the level is faded in; 0 at the first level.
        stable_images: real images shown after that.
        batch_size: images per step.
        learning_rate: Adam's, of both networks.
    """

    resolution: int
    fade_images: int
    stable_images: int
    batch_size: int
    learning_rate: float = 0.001

    def __post_init__(self) -> None:
        _require_limits(self, LEVEL_LIMITS)


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that determines a run, apart from the pictures.

    Attributes:
        preset: the name it started from.
        network: the shapes of both networks.
        levels: one plan per resolution, smallest first.
        objective: a name in `training.losses.OBJECTIVES`.
        penalty_weight: lambda of WGAN-GP; for R1 and R2, gamma is this times R^2 / batch size
            (the rule of StyleGAN2-ADA, where it is 0.0002).
        penalty_share: share of each batch the penalty is computed on, in (0, 1].
        penalty_target: the gradient norm WGAN-GP aims at.
        drift: weight of the squared real scores (Karras et al. 2018, appendix A.1).
        stddev_group: images per group of the minibatch deviation; 0 for the whole batch.
        adam_beta2: second-moment decay; beta1 is 0, as published.
        reset_optimizer: forget Adam's moments where a fade begins or ends.
        reuse_fakes: the generator learns from the images the discriminator has just seen, instead
            of new ones: one generator pass less per step.
        ema_decay: of the averaged generator, per step; 0 to use the half-life.
        ema_half_life_images: images after which an old weight counts half.
        warm_up_images: images over which the learning rate rises from 0.
        tick_images: images between two journal lines, with a picture grid and a checkpoint.
        mirror: whether pictures are flipped at random.
        precision: "fp32" or "bf16" (autocast; statistics and penalties stay fp32).
        seed: of weights, latents and order.
    """

    preset: str
    network: NetworkConfig
    levels: tuple[LevelPlan, ...]
    objective: str = "logistic-r1"
    penalty_weight: float = 0.0002
    penalty_share: float = 1.0
    penalty_target: float = 1.0
    drift: float = 0.0
    stddev_group: int = 4
    adam_beta2: float = 0.99
    reset_optimizer: bool = False
    reuse_fakes: bool = True
    ema_decay: float = 0.0
    ema_half_life_images: float = 10_000.0
    warm_up_images: int = 0
    tick_images: int = 4_000
    mirror: bool = False
    precision: str = "fp32"
    seed: int = 0

    def __post_init__(self) -> None:
        if tuple(plan.resolution for plan in self.levels) != self.network.resolutions:
            raise ConfigError(f"one level plan is needed for each of {self.network.resolutions}")
        if self.levels[0].fade_images:
            raise ConfigError("the first level has nothing to fade from: fade_images must be 0")
        if self.objective not in OBJECTIVES:
            raise ConfigError(f"objective is one of {', '.join(OBJECTIVES)}, not {self.objective}")
        if self.precision not in ("fp32", "bf16"):
            raise ConfigError(f"precision is fp32 or bf16, not {self.precision}")
        if self.total_images < 1:
            raise ConfigError("the levels must show at least one image between them")
        _require_limits(self, LIMITS)

    @property
    def total_images(self) -> int:
        """How many real images the whole run shows."""
        return sum(plan.fade_images + plan.stable_images for plan in self.levels)

    def to_json(self) -> str:
        """The form that a run folder keeps."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The reverse of `to_json`.

        Raises:
            ConfigError: it was written by another version, or changed by hand.
        """
        try:
            values = json.loads(text)
            levels = tuple(LevelPlan(**plan) for plan in values["levels"])
            network = NetworkConfig.from_dict(values["network"])
            read: dict[str, Any] = {**values, "levels": levels, "network": network}
            return cls(**read)
        except (TypeError, ValueError, KeyError) as error:
            raise ConfigError(f"the configuration of the run cannot be read: {error}") from error


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
            case [key] if key not in ("network", "levels", "preset"):
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


def _require_limits(owner: object, limits: dict[str, Limit]) -> None:
    for name, (allowed, fits) in limits.items():
        value = getattr(owner, name)
        if not (math.isfinite(value) and fits(value)):
            raise ConfigError(f"{name} must be {allowed}, not {value}")
