"""The state of training: two networks, the averaged generator, and both optimizers.

Owns `TrainingState`. Knows no step, loss, schedule or file; networks and initial weights are those
of the family (`models.family`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

import numpy as np
import torch
from torch import nn
from torch.optim import Adam, Optimizer, RMSprop

from models.families.table import offer_of
from models.family import DiscriminatorOptions, ImageDiscriminator, ImageGenerator
from training.config.config import TrainingConfig
from training.config.groups import OptimizerConfig
from training.distributed import SINGLE, Processes
from training.objectives.losses import OBJECTIVES
from training.objectives.rng import Stream, generator_at

G = TypeVar("G", bound=nn.Module)
D = TypeVar("D", bound=nn.Module)
DrawWeights = Callable[[nn.Module, np.random.Generator], None]


@dataclass
class NetworkState(Generic[G, D]):
    """Both networks, the averaged generator, and the two optimizers, on one device."""

    generator: G
    discriminator: D
    average: G
    generator_optimizer: Optimizer
    discriminator_optimizer: Optimizer
    device: torch.device

    @classmethod
    def initialise(
        cls,
        generator: G,
        discriminator: D,
        draw: DrawWeights,
        seed: int,
        settings: OptimizerConfig,
        device: torch.device,
    ) -> Self:
        """DrawWeights the initial weights from `seed`, and create the average and the optimizers.

        Args:
            generator: changed in place, as is the discriminator.
            discriminator: its counterpart.
            draw: fills the weights of a network from a source of random numbers.
            seed: of the initial weights.
            settings: of both optimizers.
            device: the networks are moved to it.
        """
        source = generator_at(seed, Stream.INITIAL_WEIGHTS, 0)
        for network in (generator, discriminator):
            draw(network, source)
            network.to(device)
            network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's overloads leave it out
        average = copy.deepcopy(generator).eval().requires_grad_(False)
        of_generator, of_discriminator = (
            optimizer_of(network, settings) for network in (generator, discriminator)
        )
        return cls(generator, discriminator, average, of_generator, of_discriminator, device)


class TrainingState(NetworkState[ImageGenerator, ImageDiscriminator]):
    """The state of a run."""

    @classmethod
    def create(
        cls, config: TrainingConfig, device: torch.device, processes: Processes = SINGLE
    ) -> Self:
        """Create networks with initial weights drawn from `config.seed`.

        Args:
            config: shapes, seed and Adam's beta2.
            device: of the networks.
            processes: the minibatch deviation is computed over the batches of all of them.
        """
        offer, objective = offer_of(config.network), config.objective
        penalised = OBJECTIVES[objective.name].penalised
        options = DiscriminatorOptions(objective.labels, objective.stddev_group, penalised)
        generator = offer.generator(config.network, None)
        discriminator = offer.discriminator(config.network, options)
        if processes.count > 1:
            discriminator.share_statistics(processes.stddev)
        return cls.initialise(
            generator, discriminator, offer.initialise, config.seed, config.optimizer, device
        )

    def reset_optimizers(self) -> None:
        """Clear the moments of both optimizers."""
        for optimizer in (self.generator_optimizer, self.discriminator_optimizer):
            optimizer.state.clear()


def optimizer_of(network: nn.Module, settings: OptimizerConfig) -> Optimizer:
    """Optimizer of the parameters of a network; each step sets the learning rate."""
    if settings.name == "rmsprop":
        return RMSprop(network.parameters(), lr=1.0)
    betas = (settings.beta1, settings.beta2)
    return Adam(network.parameters(), lr=1.0, betas=betas, fused=True)
