"""The state of training: two networks, the averaged generator, and both optimizers.

Owns `TrainingState` and the initial weights. Knows no step, loss, schedule or file.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

import numpy as np
import torch
from torch import nn
from torch.optim import Adam

from models.families.progan.discriminator import Discriminator
from models.families.progan.generator import Generator
from training.config.config import TrainingConfig
from training.distributed import SINGLE, Processes
from training.objectives.rng import Stream, generator_at, normal

G = TypeVar("G", bound=nn.Module)
D = TypeVar("D", bound=nn.Module)


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
        cls, generator: G, discriminator: D, seed: int, beta2: float, device: torch.device
    ) -> Self:
        """Draw the initial weights from `seed`, and create the average and the optimizers.

        Args:
            generator: changed in place, as is the discriminator.
            discriminator: its counterpart.
            seed: of the initial weights.
            beta2: of both Adam optimizers; beta1 is 0.
            device: the networks are moved to it.
        """
        source = generator_at(seed, Stream.INITIAL_WEIGHTS, 0)
        for network in (generator, discriminator):
            draw_weights(network, source)
            network.to(device)
            network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's overloads leave it out
        average = copy.deepcopy(generator).requires_grad_(False)
        adam = [
            Adam(network.parameters(), lr=1.0, betas=(0.0, beta2), fused=True)
            for network in (generator, discriminator)
        ]
        return cls(generator, discriminator, average, adam[0], adam[1], device)


class TrainingState(NetworkState[Generator, Discriminator]):
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
        generator = Generator(config.network)
        auxiliary = config.objective.labels == "acgan"
        discriminator = Discriminator(config.network, config.objective.stddev_group, auxiliary)
        if processes.count > 1:
            discriminator.head.deviate = processes.stddev
        return cls.initialise(generator, discriminator, config.seed, config.optimizer.beta2, device)

    def reset_optimizers(self) -> None:
        """Clear Adam's moments."""
        for optimizer in (self.generator_optimizer, self.discriminator_optimizer):
            optimizer.state.clear()


@torch.no_grad()
def draw_weights(network: nn.Module, source: np.random.Generator) -> None:
    """Fill weights with N(0, 1) and biases with 0 (section 4.1), in the order of their names."""
    for name, parameter in sorted(network.named_parameters()):
        if name.endswith("bias"):
            parameter.zero_()
        else:
            parameter.copy_(normal(source, *parameter.shape))
