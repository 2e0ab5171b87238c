"""One trial of the benchmark: two networks, one objective, one seed, from nothing to a score.

Owns `Trial` and its training, which can be stopped at any moment and goes on byte for byte. The
networks do not grow here. The learning rate falls to nothing along half a cosine, and the generator
that is measured is the averaged one.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import Adam

from models.pixels import from_pixels
from training.benchmark.digits import StackedDigits
from training.benchmark.networks import LATENT_SIZE, networks_of
from training.chance import Purpose, generator_at, normal, uniform
from training.checkpoint import Progress, load_newest, save_checkpoint
from training.descent import NonFiniteLossError
from training.ema import update_average
from training.losses import OBJECTIVES, Terms
from training.slopes import Penalty
from training.step import draw_weights

CHECKPOINT_IMAGES = 128_000
AVERAGE_SHARE = 0.01  # of the images shown so far: the half-life of the averaged generator
WGAN_GP_WEIGHT = 10.0  # lambda, as published
CRITIC_STEPS = {"wgan-gp": 5}  # turns of the discriminator for one of the generator


@dataclass(frozen=True)
class Trial:
    """What determines the outcome.

    Attributes:
        network: a name in `networks.NETWORKS`.
        objective: a name in `training.losses.OBJECTIVES`.
        seed: of weights, latents and order.
        images: real images shown to the discriminator in all.
        batch_size: images of one turn.
        learning_rate: of the generator's Adam at the beginning; its betas are 0 and 0.99.
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
        """Learning rates at the beginning, of the generator and of the discriminator."""
        own = self.discriminator_rate
        return self.learning_rate, self.learning_rate if own is None else own

    @property
    def name(self) -> str:
        """What its folder is called."""
        return f"{self.network}-{self.objective}-{self.images}-seed{self.seed}"


@dataclass
class Pair:
    """Both networks, the averaged generator, and the two optimisers."""

    generator: nn.Module
    discriminator: nn.Module
    average: nn.Module
    generator_optimizer: Adam
    discriminator_optimizer: Adam

    @classmethod
    def create(cls, trial: Trial) -> Pair:
        """New networks with the weights that the seed stands for."""
        generator, discriminator = networks_of(trial.network)
        source = generator_at(trial.seed, Purpose.INITIAL_WEIGHTS, 0)
        for network in (generator, discriminator):
            draw_weights(network, source)
            network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's overloads leave it out
        average = copy.deepcopy(generator).requires_grad_(False)
        adam = [
            Adam(network.parameters(), lr=1.0, betas=(0.0, 0.99), fused=True)
            for network in (generator, discriminator)
        ]
        return cls(generator, discriminator, average, *adam)


def play(
    trial: Trial, stacks: StackedDigits, folder: Path, tell: Callable[[int, float, str], None]
) -> tuple[nn.Module, Progress]:
    """Train one trial to its end, or go on where it stopped.

    Args:
        trial: what to train.
        stacks: the real pictures.
        folder: holds its checkpoints.
        tell: is told images shown, images per second and the losses, at each checkpoint.

    Returns:
        The averaged generator, and how it came about.

    Raises:
        NonFiniteLossError: the game broke down.
    """
    pair = Pair.create(trial)
    progress, _ = load_newest(folder, pair)
    shown, turn = progress.images_shown, progress.phase + 1  # `phase` counts the turns played
    began, shown_before, seconds_before = time.perf_counter(), shown, progress.seconds
    while shown < trial.images:
        terms = play_turn(pair, trial, stacks, shown, turn)
        before, shown, turn = shown, shown + trial.batch_size, turn + 1
        if shown < trial.images and before // CHECKPOINT_IMAGES == shown // CHECKPOINT_IMAGES:
            continue
        seconds = time.perf_counter() - began
        progress = Progress(shown, turn - 1, seconds=seconds_before + seconds)
        save_checkpoint(folder, pair, progress)
        losses = "  ".join(f"{name} {value.item():.3f}" for name, value in terms.items())
        tell(shown, (shown - shown_before) / seconds, losses)
    return pair.average.eval(), progress


def play_turn(pair: Pair, trial: Trial, stacks: StackedDigits, shown: int, turn: int) -> Terms:
    """One turn of the discriminator and, where it is due, one of the generator."""
    objective = OBJECTIVES[trial.objective]
    reals = from_pixels(torch.from_numpy(stacks.batch(shown, trial.batch_size)))
    fakes = generate(pair.generator, trial, shown)
    left = (1 + math.cos(math.pi * shown / trial.images)) / 2
    outcome = objective.discriminator(
        pair.discriminator, reals, fakes.detach(), penalty_of(trial, shown)
    )
    descend(pair.discriminator_optimizer, outcome.terms, left * trial.rates[1], shown)
    terms = outcome.terms | outcome.watched
    if (turn + 1) % CRITIC_STEPS.get(trial.objective, 1) == 0:
        pair.discriminator.requires_grad_(False)
        answer = objective.generator(pair.discriminator, reals, fakes)
        pair.discriminator.requires_grad_(True)
        descend(pair.generator_optimizer, answer.terms, left * trial.rates[0], shown)
        half_life = max(trial.batch_size, AVERAGE_SHARE * (shown + trial.batch_size))
        update_average(pair.average, pair.generator, 0.5 ** (trial.batch_size / half_life))
        terms |= answer.terms
    return terms


def generate(generator: nn.Module, trial: Trial, shown: int) -> Tensor:
    """The fakes of one turn: `[N, 3, 32, 32]`."""
    source = generator_at(trial.seed, Purpose.LATENTS, shown)
    return generator(normal(source, trial.batch_size, LATENT_SIZE))


def penalty_of(trial: Trial, shown: int) -> Penalty:
    """The penalty of one turn; no drift, as published for this experiment."""
    weight = WGAN_GP_WEIGHT if trial.objective == "wgan-gp" else trial.gamma
    source = generator_at(trial.seed, Purpose.PENALTY, shown)
    return Penalty(weight, 1.0, 1.0, 0.0, uniform(source, trial.batch_size, 1, 1, 1))


def descend(optimizer: Adam, terms: Terms, rate: float, shown: int) -> None:
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
