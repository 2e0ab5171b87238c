"""The pair at play: both networks at full size from the first image on.

Owns one turn of it. The generator's learning rate falls to nothing along half a cosine; the
discriminator's stays: the slower the generator, the more it learns from what the discriminator says
on the average, while a discriminator that slows down as well leaves it wherever it was swung to.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Adam

from models.pixels import from_pixels
from training.benchmark.digits import StackedDigits
from training.benchmark.networks import LATENT_SIZE, small_networks
from training.benchmark.trial import AVERAGE_SHARE, Trial
from training.game.ema import update_average
from training.game.optimise import NonFiniteLossError
from training.game.state import draw_weights
from training.game.step import Numbers
from training.objectives.gradient_penalty import Penalty
from training.objectives.losses import OBJECTIVES, Terms
from training.objectives.rng import Stream, generator_at, normal, uniform

WGAN_GP_WEIGHT = 10.0  # lambda, as published
CRITIC_STEPS = {"wgan-gp": 5}  # turns of the discriminator for one of the generator


@dataclass
class SmallState:
    """Both networks, the averaged generator, and the two optimisers."""

    generator: nn.Module
    discriminator: nn.Module
    average: nn.Module
    generator_optimizer: Adam
    discriminator_optimizer: Adam

    @classmethod
    def create(cls, trial: Trial) -> SmallState:
        """New networks with the weights that the seed stands for."""
        generator, discriminator = small_networks(trial.network)
        source = generator_at(trial.seed, Stream.INITIAL_WEIGHTS, 0)
        for network in (generator, discriminator):
            draw_weights(network, source)
            network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's overloads leave it out
        average = copy.deepcopy(generator).requires_grad_(False)
        adam = [
            Adam(network.parameters(), lr=1.0, betas=(0.0, 0.99), fused=True)
            for network in (generator, discriminator)
        ]
        return cls(generator, discriminator, average, *adam)


class Game:
    """One trial: two networks and how they take turns.

    Attributes:
        players: what a checkpoint keeps.
    """

    def __init__(self, trial: Trial, stacks: StackedDigits) -> None:
        self.players = SmallState.create(trial)
        self._trial, self._stacks = trial, stacks

    def take_turn(self, shown: int, turn: int) -> tuple[int, Numbers]:
        """One turn of the discriminator and, where it is due, one of the generator.

        Raises:
            NonFiniteLossError: the game broke down.
        """
        trial, pair = self._trial, self.players
        objective = OBJECTIVES[trial.objective]
        reals = from_pixels(torch.from_numpy(self._stacks.batch(shown, trial.batch_size)))
        fakes = generate(pair.generator, trial, shown)
        outcome = objective.discriminator(
            pair.discriminator, reals, fakes.detach(), penalty_of(trial, shown)
        )
        optimizer_step_for(pair.discriminator_optimizer, outcome.terms, trial.rates[1], shown)
        terms = outcome.terms | outcome.watched
        if (turn + 1) % CRITIC_STEPS.get(trial.objective, 1) == 0:
            pair.discriminator.requires_grad_(False)
            answer = objective.generator(pair.discriminator, reals, fakes)
            pair.discriminator.requires_grad_(True)
            left = (1 + math.cos(math.pi * shown / trial.images)) / 2
            optimizer_step_for(pair.generator_optimizer, answer.terms, left * trial.rates[0], shown)
            half_life = max(trial.batch_size, AVERAGE_SHARE * (shown + trial.batch_size))
            update_average(pair.average, pair.generator, 0.5 ** (trial.batch_size / half_life))
            terms |= answer.terms
        return trial.batch_size, {name: value.item() for name, value in terms.items()}


def generate(generator: nn.Module, trial: Trial, shown: int) -> Tensor:
    """The fakes of one turn: `[N, 3, 32, 32]`."""
    source = generator_at(trial.seed, Stream.LATENTS, shown)
    return generator(normal(source, trial.batch_size, LATENT_SIZE))


def penalty_of(trial: Trial, shown: int) -> Penalty:
    """The penalty of one turn; no drift, as published for this experiment."""
    weight = WGAN_GP_WEIGHT if trial.objective == "wgan-gp" else trial.gamma
    source = generator_at(trial.seed, Stream.PENALTY, shown)
    return Penalty(weight, 1.0, 1.0, 0.0, uniform(source, trial.batch_size, 1, 1, 1))


def optimizer_step_for(optimizer: Adam, terms: Terms, rate: float, shown: int) -> None:
    """One optimiser step down the sum of `terms`.

    Raises:
        NonFiniteLossError: the sum is infinite or not a number; nothing is updated.
    """
    loss = torch.stack(list(terms.values())).sum()
    if not math.isfinite(loss.item()):
        raise NonFiniteLossError(
            f"the loss is not finite after {shown:,} images. Try a lower learning rate"
        )
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
