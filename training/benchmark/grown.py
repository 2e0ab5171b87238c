"""Normal networks at play: those of the project, grown by its own schedule and steps.

Owns the schedule of such a trial, as shares of its images. Everything else is what `train` does.
"""

from __future__ import annotations

import torch

from models.config import NetworkConfig
from training.benchmark.digits import SIZE, StackedDigits
from training.benchmark.networks import LATENT_SIZE
from training.benchmark.trial import AVERAGE_SHARE, Trial
from training.config import ConfigError, LevelPlan, TrainingConfig
from training.pyramid import halvings
from training.schedule import schedule_at
from training.step import Numbers, Players, take_step

NETWORK = NetworkConfig(SIZE, latent_size=LATENT_SIZE, fmap_base=256, fmap_max=64)
FADED = (0.0, 0.06, 0.10, 0.10)  # shares of the images, at 4, 8, 16 and 32 px
HELD = (0.04, 0.20, 0.30)  # what is left is held at 32 px
COOL_DOWN_SHARE = 0.2
PENALTY_SHARE = 0.25  # of each batch, as in the presets


def config_of(trial: Trial) -> TrainingConfig:
    """The run that a trial is. Its gamma is that of the finished pictures.

    Raises:
        ConfigError: the objective is none of those that have a gamma, or nobody is to learn.
    """
    if trial.objective == "wgan-gp":
        raise ConfigError("the normal networks are played with R1 or R2: take another objective")
    if not min(trial.rates):
        raise ConfigError("the normal networks both learn: take rates above 0")
    faded, held = ([int(trial.images * share) for share in shares] for shares in (FADED, HELD))
    held.append(trial.images - sum(faded) - sum(held))
    plans = zip(NETWORK.resolutions, faded, held, strict=True)
    batch, rate = trial.batch_size, trial.learning_rate
    return TrainingConfig(
        preset="stacked-mnist",
        network=NETWORK,
        levels=tuple(LevelPlan(size, fade, hold, batch, rate) for size, fade, hold in plans),
        objective=trial.objective,
        penalty_weight=trial.gamma * batch / SIZE**2,
        penalty_share=PENALTY_SHARE,
        ema_half_life_images=max(1.0, AVERAGE_SHARE * trial.images),
        discriminator_rate=trial.rates[1] / trial.rates[0],
        cool_down_images=round(COOL_DOWN_SHARE * trial.images),
        cool_down="generator",
        seed=trial.seed,
    )


class GrownGame:
    """One trial of growing networks.

    Attributes:
        players: what a checkpoint keeps.
    """

    def __init__(self, trial: Trial, stacks: StackedDigits) -> None:
        self._config = config_of(trial)
        self.players = Players.create(self._config, torch.device("cpu"))
        self._stacks = stacks

    def take_turn(self, shown: int, turn: int) -> tuple[int, Numbers]:  # noqa: ARG002 - all turns are alike
        """One step of `train`.

        Raises:
            NonFiniteLossError: the game broke down.
        """
        moment = schedule_at(shown, self._config)
        pictures = self._stacks.batch(shown, moment.batch_size)
        pixels = halvings(pictures, SIZE)[moment.growth.level]
        return moment.batch_size, take_step(self.players, moment, self._config, pixels, shown)
