"""What a run is told: a frozen configuration.

Owns `TrainingConfig` and its JSON form. The named ones are in `presets.py`, `--set name=value` is
in `setting.py`; what follows from images shown is in `schedule.py`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any, Self

from models.families.progan.config import NetworkConfig
from training.objectives.augment import POLICIES
from training.objectives.gradient_penalty import BF16_SIGMA, survives_bf16
from training.objectives.losses import OBJECTIVES

CONFIG_FILE = "config.json"  # in the folder of a run


class ConfigError(ValueError):
    """A setting that cannot be; the message says what is allowed."""


# What a number may be, in words and in code.
Limit = tuple[str, Callable[[float], bool]]
AT_LEAST_0: Limit = ("0 or more", lambda value: value >= 0)
AT_LEAST_1: Limit = ("1 or more", lambda value: value >= 1)
ABOVE_0: Limit = ("above 0", lambda value: value > 0)
BELOW_1: Limit = ("0 or more and below 1", lambda value: 0 <= value < 1)

AUTO, FP32, BF16 = PRECISIONS = ("auto", "fp32", "bf16")
LABELS = ("none", "projection", "acgan")
COOLING = ("both", "generator")
LARGEST = sys.float_info.max  # whole numbers can be larger, and no size or rate can

LEVEL_LIMITS: dict[str, Limit] = {
    "fade_images": AT_LEAST_0,
    "stable_images": AT_LEAST_0,
    "batch_size": AT_LEAST_1,
    "learning_rate": ABOVE_0,
    "penalty_scale": AT_LEAST_0,
}
LIMITS: dict[str, Limit] = {
    "penalty_weight": AT_LEAST_0,
    "penalty_share": ("above 0 and up to 1", lambda value: 0 < value <= 1),
    "penalty_target": ABOVE_0,
    "penalty_sigma": ABOVE_0,
    "drift": AT_LEAST_0,
    "label_weight": AT_LEAST_0,
    "stddev_group": AT_LEAST_0,
    "adam_beta2": BELOW_1,
    "ema_decay": BELOW_1,
    "ema_half_life_images": ABOVE_0,
    "discriminator_rate": ABOVE_0,
    "warm_up_images": AT_LEAST_0,
    "cool_down_images": AT_LEAST_0,
    "tick_images": AT_LEAST_1,
    "augment_strength": ("from 0 to 1", lambda value: 0 <= value <= 1),
    "augment_target": BELOW_1,
    "augment_ramp_images": AT_LEAST_1,
    "seed": ("from 0 to 2^63 - 1", lambda value: 0 <= value < 2**63),
}


@dataclass(frozen=True)
class LevelPlan:
    """How one resolution is learned.

    Attributes:
        resolution: of the level (`models.families.progan.config`).
        fade_images: real images shown while the level is faded in; 0 at the first level.
        stable_images: real images shown after that.
        batch_size: images per step.
        learning_rate: Adam's.
        penalty_scale: the weight of the penalty, in times that of the run.
    """

    resolution: int
    fade_images: int
    stable_images: int
    batch_size: int
    learning_rate: float = 0.001
    penalty_scale: float = 1.0

    def __post_init__(self) -> None:
        _require_limits(self, LEVEL_LIMITS)


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that determines a run, apart from the pictures.

    Attributes:
        preset: the name it started from.
        network: the shapes of both networks.
        levels: one plan per resolution, smallest first.
        objective: a name in `training.objectives.losses.OBJECTIVES`.
        penalty: `exact`, by double backward, or `finite-difference`
            (`training.objectives.gradient_penalty`).
        penalty_weight: lambda of WGAN-GP; for R1 and R2, gamma is this times H W / batch size
            (the rule of StyleGAN2-ADA for squares, where it is 0.0002), and the level's scale.
        penalty_share: share of each batch R1 and R2 are computed on, in (0, 1]; WGAN-GP takes all.
        penalty_target: the gradient norm WGAN-GP aims at.
        penalty_sigma: how far finite differences go; 1 is half the range of the pixels.
        drift: weight of the squared real scores (Karras et al. 2018, appendix A.1).
        labels: what the discriminator does with classes: `none`, `projection`, or `acgan`, the
            second head of the paper (`models.families.progan.discriminator.Head`).
            `network.classes` follows the data, and so does the shape,
            `network.base_height` and `network.base_width`.
        label_weight: of the terms of the second head.
        stddev_group: images per group of the minibatch deviation; 0 for the whole batch.
        adam_beta2: second-moment decay; beta1 is 0, as published.
        reset_optimizer: forget Adam's moments where a fade begins or ends.
        reuse_fakes: the generator learns from the images the discriminator has just seen, instead
            of new ones: one generator pass less per step.
        ema_decay: of the averaged generator, per step; 0 to use the half-life.
        ema_half_life_images: images after which an old weight counts half.
        discriminator_rate: its learning rate, in times the generator's (Heusel et al. 2017).
        warm_up_images: images over which the learning rate rises from 0.
        cool_down_images: images at the end over which it falls to 0.
        cool_down: whose rate falls: that of `both`, or of the `generator` alone.
        tick_images: images between two journal lines, with a picture grid and a checkpoint.
        mirror: whether pictures are flipped at random.
        augment: what both players see done to pictures: `color,translation,cutout`, or some.
        augment_strength: the share of images each of them falls on; 1 is DiffAugment.
        augment_target: the mean sign of real scores (ADA's r_t, 0.6 there) that the strength is
            steered to, beginning with 0; 0 to leave it fixed.
        augment_ramp_images: the images in which a steered strength can go from 0 to 1.
        precision: "fp32", "bf16" (autocast; statistics and scores stay fp32), or "auto", which
            `precision.py` decides when the run begins.
        seed: of weights, latents and order.
        init_from: what `--init-from` began it with, `name@digest`; empty for random weights.
    """

    preset: str
    network: NetworkConfig
    levels: tuple[LevelPlan, ...]
    objective: str = "logistic-r1"
    penalty: str = "exact"
    penalty_weight: float = OBJECTIVES["logistic-r1"].penalty_weight
    penalty_share: float = 1.0
    penalty_target: float = 1.0
    penalty_sigma: float = 0.01
    drift: float = 0.0
    labels: str = "none"
    label_weight: float = 1.0
    stddev_group: int = 4
    adam_beta2: float = 0.99
    reset_optimizer: bool = False
    reuse_fakes: bool = True
    ema_decay: float = 0.0
    ema_half_life_images: float = 10_000.0
    discriminator_rate: float = 1.0
    warm_up_images: int = 0
    cool_down_images: int = 0
    cool_down: str = "both"
    tick_images: int = 4_000
    mirror: bool = False
    augment: str = ""
    augment_strength: float = 1.0
    augment_target: float = 0.0
    augment_ramp_images: int = 500_000
    precision: str = "fp32"
    seed: int = 0
    init_from: str = ""

    def __post_init__(self) -> None:
        if tuple(plan.resolution for plan in self.levels) != self.network.resolutions:
            raise ConfigError(f"one level plan is needed for each of {self.network.resolutions}")
        if self.levels[0].fade_images:
            raise ConfigError("the first level has nothing to fade from: fade_images must be 0")
        _require_choice("objective", self.objective, OBJECTIVES)
        _require_choice("precision", self.precision, PRECISIONS)
        _require_choice("labels", self.labels, LABELS)
        _require_choice("cool_down", self.cool_down, COOLING)
        if self.network.classes and self.labels == "none":
            raise ConfigError("a network with classes needs labels=projection or labels=acgan")
        _require_penalty(self)
        _require_augmentation(self)
        if self.total_images < 1:
            raise ConfigError("the levels must show at least one image between them")
        _require_limits(self, LIMITS)

    @property
    def total_images(self) -> int:
        """How many real images the whole run shows."""
        return sum(plan.fade_images + plan.stable_images for plan in self.levels)

    def to_json(self) -> str:
        """The form that a run folder keeps."""
        values = asdict(self) | {"network": self.network.to_dict()}
        return json.dumps(values, indent=2) + "\n"

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


def _require_choice(name: str, value: str, offered: Collection[str]) -> None:
    if value not in offered:
        raise ConfigError(f"{name} is one of {', '.join(offered)}, not {value}")


def _require_penalty(config: TrainingConfig) -> None:
    offered = OBJECTIVES[config.objective].penalties
    if config.penalty not in offered:
        raise ConfigError(
            f"penalty of {config.objective} is {' or '.join(offered)}, not {config.penalty}"
        )
    if config.precision == BF16 and not survives_bf16(config.penalty, config.penalty_sigma):
        raise ConfigError(
            f"with bf16, penalty_sigma must be at least {BF16_SIGMA}, not "
            f"{config.penalty_sigma}: rounding would be taken for slope"
        )


def _require_augmentation(config: TrainingConfig) -> None:
    for name in config.augment.split(",") if config.augment else ():
        _require_choice("augment", name, POLICIES)
    if config.augment_target and not OBJECTIVES[config.objective].has_zero:
        having = ", ".join(name for name, game in OBJECTIVES.items() if game.has_zero)
        raise ConfigError(
            f"augment_target needs scores whose sign means something: objective is one of "
            f"{having}, not {config.objective}; or leave the strength fixed"
        )
    if config.augment_target and not config.augment:
        raise ConfigError(
            "augment_target steers how strong augment is, and that is empty: say what it shall do, "
            f"such as augment={','.join(POLICIES)}, or leave augment_target out"
        )


def _require_limits(owner: object, limits: dict[str, Limit]) -> None:
    for name, (allowed, fits) in limits.items():
        value = getattr(owner, name)
        if not (-LARGEST <= value <= LARGEST and fits(value)):
            raise ConfigError(f"{name} must be {allowed}, not {value}")
