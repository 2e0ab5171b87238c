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
from torch.optim import Adam

from models.families.table import offer_of
from models.family import DiscriminatorOptions, ImageDiscriminator, ImageGenerator
from training.config.config import TrainingConfig
from training.distributed import SINGLE, Processes
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
    generator_optimizer: Adam
    discriminator_optimizer: Adam
    device: torch.device

    @classmethod
    def initialise(
        cls,
        generator: G,
        discriminator: D,
        draw: DrawWeights,
        seed: int,
        beta2: float,
        device: torch.device,
    ) -> Self:
        """DrawWeights the initial weights from `seed`, and create the average and the optimizers.

        Args:
            generator: changed in place, as is the discriminator.
            discriminator: its counterpart.
            draw: fills the weights of a network from a source of random numbers.
            seed: of the initial weights.
            beta2: of both Adam optimizers; beta1 is 0.
            device: the networks are moved to it.
        """
        source = generator_at(seed, Stream.INITIAL_WEIGHTS, 0)
        for network in (generator, discriminator):
            draw(network, source)
            network.to(device)
            network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's overloads leave it out
        average = copy.deepcopy(generator).requires_grad_(False)
        adam = [
            Adam(network.parameters(), lr=1.0, betas=(0.0, beta2), fused=True)
            for network in (generator, discriminator)
        ]
        return cls(generator, discriminator, average, adam[0], adam[1], device)


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
        options = DiscriminatorOptions(objective.labels, objective.stddev_group)
        generator = offer.generator(config.network, None)
        discriminator = offer.discriminator(config.network, options)
        if processes.count > 1:
            discriminator.share_statistics(processes.stddev)
        beta2 = config.optimizer.beta2
        return cls.initialise(
            generator, discriminator, offer.initialise, config.seed, beta2, device
        )

    def reset_optimizers(self) -> None:
        """Clear Adam's moments."""
        for optimizer in (self.generator_optimizer, self.discriminator_optimizer):
            optimizer.state.clear()
