"""One trial of the benchmark: its settings and its schedule.

Owns the part of a step's settings that a trial may choose, and the published rest. Knows no network
and no picture.
"""

from __future__ import annotations

import dataclasses
import math

from pydantic.dataclasses import dataclass

from models.growth import Growth
from models.strict_json import STRICT
from training.benchmark.config import NETWORKS, StackedMnistConfig
from training.config.groups import (
    AugmentationConfig,
    ObjectiveConfig,
    OptimizerConfig,
    PenaltyConfig,
    Precision,
)
from training.config.style_settings import StyleConfig
from training.game.schedule import ScheduleState
from training.objectives.losses import OBJECTIVES

# Learning rates of generator and discriminator: those that found most modes, and the paper's.
TUNED_RATES, PUBLISHED_RATES = (0.002, 0.03), (0.001, 0.001)
AVERAGE_SHARE = 0.01  # of the images shown so far: the half-life of the averaged generator
CRITIC_STEPS = {"wgan-gp": 5}  # updates of the discriminator for each of the generator


@dataclasses.dataclass(frozen=True)
class BenchmarkSettings:
    """Settings of a step (`training.game.settings.StepSettings`): no augmentation, no styles."""

    network: StackedMnistConfig
    objective: ObjectiveConfig
    penalty: PenaltyConfig
    optimizer: OptimizerConfig
    seed: int
    augmentation: AugmentationConfig = dataclasses.field(default_factory=AugmentationConfig)
    style: StyleConfig = dataclasses.field(default_factory=StyleConfig)
    precision: Precision = "fp32"


@dataclass(frozen=True, config=STRICT)
class Trial:
    """Settings that determine the result of a trial.

    Attributes:
        network: a name in `training.benchmark.config.NETWORKS`.
        objective: a name in `training.objectives.losses.OBJECTIVES`.
        seed: of weights, latents and order.
        images: real images shown to the discriminator in total.
        batch_size: images of one step.
        learning_rate: initial rate of the generator's Adam, whose betas are 0 and 0.99.
        discriminator_rate: rate of the discriminator's Adam (Heusel et al. 2017, "two time-scale
            update rule"); None for that of the generator.
        gamma: weight of R1 and R2; WGAN-GP has the published weight, 10.
    """

    network: str
    objective: str
    seed: int
    images: int
    batch_size: int = 64
    learning_rate: float = 0.001
    discriminator_rate: float | None = None
    gamma: float = 1.0

    @property
    def rates(self) -> tuple[float, float]:
        """Initial learning rate of the generator, and learning rate of the discriminator."""
        own = self.discriminator_rate
        return self.learning_rate, self.learning_rate if own is None else own

    @property
    def name(self) -> str:
        """Name of the folder of the trial."""
        return f"{self.network}-{self.objective}-{self.images}-seed{self.seed}"

    @property
    def settings(self) -> BenchmarkSettings:
        """Settings of every step; the penalty has no drift term, as published for this experiment.

        `training.game.regularise.penalty_at` multiplies the weight of R1 and R2 by pixels / batch
        size, so that is taken out here.
        """
        objective, network = OBJECTIVES[self.objective], NETWORKS[self.network]
        weight = objective.penalty_weight
        if objective.scales_with_image:
            weight = self.gamma * self.batch_size / math.prod(network.size_at(network.resolution))
        return BenchmarkSettings(
            network,
            ObjectiveConfig(name=self.objective, critic_steps=CRITIC_STEPS.get(self.objective, 1)),
            PenaltyConfig(weight=weight),
            OptimizerConfig(beta2=0.99, weight_clip=objective.weight_clip),
            self.seed,
        )

    def schedule_at(self, images_shown: int) -> ScheduleState:
        """State of the schedule: full resolution from the first image on.

        The learning rate of the generator has cosine decay to 0; that of the discriminator is
        constant. A slow generator follows the average over many states of the discriminator. If the
        discriminator slowed down as well, the generator would follow only its last states.
        """
        generator, discriminator = self.rates
        left = (1 + math.cos(math.pi * images_shown / self.images)) / 2
        return ScheduleState(
            images_shown=images_shown,
            growth=Growth(NETWORKS[self.network].top_level),
            batch_size=self.batch_size,
            learning_rate=left * generator,
            discriminator_rate=discriminator,
            penalty_scale=1.0,
            phase=0,
            phase_end=self.images,
            level_start=0,
            average_decay=self.ema_decay_at(images_shown),
        )

    def ema_decay_at(self, images_shown: int) -> float:
        """Decay of the averaged generator in the step after `images_shown` images."""
        half_life = max(self.batch_size, AVERAGE_SHARE * (images_shown + self.batch_size))
        return 0.5 ** (self.batch_size / half_life)


def rates_for(asked: tuple[float | None, float | None], objective: str) -> tuple[float, float]:
    """Learning rates of generator and discriminator: those in `asked`, else the objective's."""
    usual = PUBLISHED_RATES if objective == "wgan-gp" else TUNED_RATES
    generator, discriminator = (
        own if told is None else told for told, own in zip(asked, usual, strict=True)
    )
    return generator, discriminator
