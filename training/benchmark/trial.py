"""What determines one trial of the benchmark. Knows no network and no picture."""

from __future__ import annotations

from dataclasses import dataclass

# Learning rates of generator and discriminator: what found most modes, and the paper's.
TUNED_RATES, PUBLISHED_RATES = (0.002, 0.03), (0.001, 0.001)
AVERAGE_SHARE = 0.01  # of the images shown so far: the half-life of the averaged generator


@dataclass(frozen=True)
class Trial:
    """What determines the outcome.

    Attributes:
        network: a name in `networks.DIVISORS`.
        objective: a name in `training.objectives.losses.OBJECTIVES`.
        seed: of weights, latents and order.
        images: real images shown to the discriminator in all.
        batch_size: images of one turn.
        learning_rate: of the generator's Adam, at the beginning; its betas are 0 and 0.99.
        discriminator_rate: of the discriminator's, which may learn at a rate of its own (Heusel et
            al. 2017, "two time-scale update rule"); None: as the generator.
        gamma: weight of R1 and R2; WGAN-GP has the published 10.
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
        """Learning rates of the generator, at the beginning, and of the discriminator."""
        own = self.discriminator_rate
        return self.learning_rate, self.learning_rate if own is None else own

    @property
    def name(self) -> str:
        """What its folder is called."""
        return f"{self.network}-{self.objective}-{self.images}-seed{self.seed}"


def rates_for(asked: tuple[float | None, float | None], objective: str) -> tuple[float, float]:
    """Learning rates of generator and discriminator: those asked for, else the objective's."""
    usual = PUBLISHED_RATES if objective == "wgan-gp" else TUNED_RATES
    generator, discriminator = (
        own if told is None else told for told, own in zip(asked, usual, strict=True)
    )
    return generator, discriminator
