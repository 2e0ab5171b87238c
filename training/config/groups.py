"""The groups of settings: each is read by one part of training.

Owns every setting with its default, its limits and its description, and the checks within a group.
Checks between groups are in `config.py`. Names on the command line are in `names.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from models.strict_json import STRICT
from training.objectives.augment import POLICIES
from training.objectives.gradient_penalty import GRADIENT_NORMS
from training.objectives.losses import OBJECTIVES


class ConfigError(Exception):
    """Invalid setting; the message states what is allowed.

    Not a `ValueError`, so that pydantic does not wrap it.
    """


def require_choice(offered: Collection[str], value: str) -> str:
    """Raise an error if the value is not offered."""
    if value not in offered:
        raise ValueError(f"must be one of {', '.join(offered)}, not {value}")
    return value


def require_policies(value: str) -> str:
    """Raise an error if one of the comma-separated augmentations is not offered."""
    for name in value.split(",") if value else ():
        require_choice(POLICIES, name)
    return value


AUTO, FP32, BF16 = "auto", "fp32", "bf16"
MOST = 10**15  # upper limit of every count; a float represents it exactly

Precision = Literal["auto", "fp32", "bf16"]


@dataclass(frozen=True, config=STRICT)
class LevelPlan:
    """Training plan of one level."""

    resolution: int = Field(description="pixels of the shorter side of the level")
    fade_images: int = Field(
        ge=0,
        le=MOST,
        description="real images shown while the level is faded in; 0 at the first level",
    )
    stable_images: int = Field(ge=0, le=MOST, description="real images shown after that")
    batch_size: int = Field(ge=1, le=MOST, description="images in a step, on all devices together")
    learning_rate: float = Field(default=0.001, gt=0, description="the optimizer's")
    penalty_scale: float = Field(
        default=1.0,
        ge=0,
        description="weight of the penalty at this level, relative to that of the run",
    )
    crop: int = Field(
        default=0,
        ge=0,
        description="resolution of the random crops that the level is trained on; 0 for whole "
        "images",
    )
    consistency: float = Field(
        default=0.0,
        ge=0,
        le=1e6,
        description="with crop: weight of the squared difference between a crop, reduced, and the "
        "same place of the picture of the crop's resolution, whose levels then stay as they are",
    )


@dataclass(frozen=True, config=STRICT)
class Change:
    """Settings that apply from a point of the run on (`training.config.history`)."""

    images_shown: int = Field(ge=0, le=MOST, description="images after which they hold")
    settings: tuple[str, ...] = Field(description="name=value, as for --set")


@dataclass(frozen=True, config=STRICT)
class ObjectiveConfig:
    """Losses of both networks."""

    name: Annotated[str, AfterValidator(partial(require_choice, OBJECTIVES))] = Field(
        default="logistic-r1", description="a name in training.objectives.losses.OBJECTIVES"
    )
    labels: Literal["none", "concatenation", "projection", "acgan"] = Field(
        default="none",
        description="how the discriminator uses classes; acgan has a second head, concatenation is "
        "for DCGANs",
    )
    label_weight: float = Field(
        default=1.0, ge=0, description="weight of the terms of the second head"
    )
    stddev_group: int = Field(
        default=4,
        ge=0,
        le=MOST,
        description="images per group of the minibatch deviation; 0 for the batch",
    )
    reuse_fakes: bool = Field(
        default=True,
        description="update the generator with the fake images of the discriminator's update",
    )
    critic_steps: int = Field(
        default=1,
        ge=1,
        le=MOST,
        description="updates of the discriminator for each of the generator; 5 in the papers of "
        "WGAN and WGAN-GP",
    )


@dataclass(frozen=True, config=STRICT)
class PenaltyConfig:
    """The gradient penalty (`training.objectives.gradient_penalty`)."""

    kind: Annotated[str, AfterValidator(partial(require_choice, GRADIENT_NORMS))] = Field(
        default="exact",
        description="exact, by double backward, or finite-difference, by one more pass",
    )
    weight: float = Field(
        default=OBJECTIVES["logistic-r1"].penalty_weight,
        ge=0,
        description="lambda of WGAN-GP; for R1 and R2, gamma is this times H W / batch size (the "
        "rule of StyleGAN2-ADA, where it is 0.0002), and the level's scale",
    )
    share: float = Field(
        default=1.0, gt=0, le=1, description="of each batch that R1 and R2 are computed on"
    )
    interval: int = Field(
        default=1,
        ge=1,
        le=MOST,
        description="steps from one computation of R1 and R2 to the next, with that many times "
        "their weight (lazy regularization); 16 in StyleGAN2",
    )
    target: float = Field(default=1.0, gt=0, description="gradient norm that WGAN-GP aims at")
    sigma: float = Field(
        default=0.01,
        gt=0,
        description="step of finite differences; 1 is half the range of the pixels",
    )
    drift: float = Field(
        default=0.0, ge=0, description="weight of the squared real scores (Karras et al. 2018, A.1)"
    )


@dataclass(frozen=True, config=STRICT)
class OptimizerConfig:
    """The optimizer of both networks, and its learning rate over time."""

    name: Literal["adam", "rmsprop"] = Field(
        default="adam", description="Adam, or RMSprop, as published for WGAN"
    )
    beta1: float = Field(
        default=0.0, ge=0, lt=1, description="Adam's decay of the first moment; 0.5 in DCGAN"
    )
    weight_clip: float = Field(
        default=0.0,
        ge=0,
        description="bound of every weight of the discriminator after its update, for wgan; 0 for "
        "none",
    )
    beta2: float = Field(default=0.99, ge=0, lt=1, description="Adam's decay of the second moment")
    reset: bool = Field(
        default=False, description="clear the optimizer's moments where a fade begins or ends"
    )
    discriminator_rate: float = Field(
        default=1.0,
        gt=0,
        description="learning rate of the discriminator, relative to the generator's",
    )
    warm_up_images: int = Field(
        default=0, ge=0, le=MOST, description="images over which the learning rate rises from 0"
    )
    cool_down_images: int = Field(
        default=0, ge=0, le=MOST, description="images at the end over which it falls to 0"
    )
    cool_down: Literal["both", "generator"] = Field(
        default="both", description="whose learning rate falls at the end"
    )


@dataclass(frozen=True, config=STRICT)
class AverageConfig:
    """The averaged generator (`training.game.ema`)."""

    decay: float = Field(default=0.0, ge=0, lt=1, description="per step; 0 to use the half-life")
    half_life_images: float = Field(
        default=10_000.0, gt=0, description="images after which an old weight counts half"
    )


@dataclass(frozen=True, config=STRICT)
class AugmentationConfig:
    """Augmentation of real and fake images (`training.objectives.augment`)."""

    mirror: bool = Field(default=False, description="flip pictures left to right at random")
    roll_reals: bool = Field(
        default=False,
        description="with network.tiling: roll real pictures at random, too; for pictures that "
        "join at opposite edges",
    )
    policy: Annotated[str, AfterValidator(require_policies)] = Field(
        default="", description="color,translation,cutout, or some of them"
    )
    strength: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="share of images that each of them changes; 1 is DiffAugment",
    )
    target: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="mean sign of real scores (ADA's r_t, 0.6 there) that adapts the strength, "
        "beginning with 0; 0 for a fixed strength",
    )
    ramp_images: int = Field(
        default=500_000,
        ge=1,
        le=MOST,
        description="images in which an adaptive strength can go to 1",
    )

    def __post_init__(self) -> None:
        if self.target and not self.policy:
            raise ConfigError(
                "augment_target adapts the strength of augment, and that is empty: add for "
                f"example augment={','.join(POLICIES)}, or set augment_target=0"
            )
