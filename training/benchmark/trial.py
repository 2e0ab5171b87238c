"""One trial of the benchmark: its settings and its schedule. Knows no network and no picture."""

from __future__ import annotations

import math

from pydantic.dataclasses import dataclass

from models.growth import Growth
from models.resolution import level_of
from models.strict_json import STRICT
from training.benchmark.digits import SIZE
from training.game.schedule import ScheduleState

# Learning rates of generator and discriminator: those that found most modes, and the paper's.
TUNED_RATES, PUBLISHED_RATES = (0.002, 0.03), (0.001, 0.001)
AVERAGE_SHARE = 0.01  # of the images shown so far: the half-life of the averaged generator


@dataclass(frozen=True, config=STRICT)
class Trial:
    """Settings that determine the result of a trial.

    Attributes:
        network: a name in `networks.DIVISORS`.
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
            growth=Growth(level_of(SIZE)),
            batch_size=self.batch_size,
            learning_rate=left * generator,
            discriminator_rate=discriminator,
            penalty_scale=1.0,
            phase=0,
            phase_end=self.images,
            level_start=0,
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
