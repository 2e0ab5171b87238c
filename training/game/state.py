"""The state of training: two networks, the averaged generator, and both optimizers.

Owns `NetworkState`, and `TrainingState`, that of a run, whose networks and initial weights are
those of its family (`models.family`). Knows no step, loss, schedule or file.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Self, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer, RMSprop

from models.families.table import offer_of
from models.family import DiscriminatorOptions, ImageDiscriminator, ImageGenerator
from training.config.config import TrainingConfig
from training.config.groups import OptimizerConfig
from training.distributed import SINGLE, Processes
from training.game.settings import StepSettings
from training.objectives.losses import OBJECTIVES
from training.objectives.rng import Stream, generator_at

PATH_LENGTH = "path_length_mean"  # a statistic of the state

G_co = TypeVar("G_co", bound=nn.Module, covariant=True)
D_co = TypeVar("D_co", bound=nn.Module, covariant=True)
DrawWeights = Callable[[nn.Module, np.random.Generator], None]


@dataclass(frozen=True)
class NetworkState(Generic[G_co, D_co]):
    """Both networks, the averaged generator, and the two optimizers, on one device.

    `statistics` are scalars that a family keeps from step to step, by name.
    """

    generator: G_co
    discriminator: D_co
    average: G_co
    generator_optimizer: Optimizer
    discriminator_optimizer: Optimizer
    device: torch.device
    statistics: dict[str, Tensor] = field(default_factory=dict[str, Tensor])

    @classmethod
    def initialise(
        cls,
        networks: tuple[G_co, D_co],
        draw: DrawWeights,
        seed: int,
        settings: OptimizerConfig,
        device: torch.device,
    ) -> Self:
        """Draw the initial weights from `seed`, and create the average and the optimizers.

        Args:
            networks: generator and discriminator, changed in place.
            draw: fills the weights of a network from a source of random numbers.
            seed: of the initial weights.
            settings: of both optimizers.
            device: the networks are moved to it.
        """
        source = generator_at(seed, Stream.INITIAL_WEIGHTS, 0)
        for network in networks:
            draw(network, source)
            network.to(device)
            network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's overloads leave it out
        generator, discriminator = networks
        average = copy.deepcopy(generator).eval().requires_grad_(False)
        of_generator, of_discriminator = (optimizer_of(network, settings) for network in networks)
        return cls(generator, discriminator, average, of_generator, of_discriminator, device)


StepState = NetworkState[nn.Module, ImageDiscriminator]  # what a step updates


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
        offer = offer_of(config.network)
        generator = offer.generator(config.network, None)
        discriminator = offer.discriminator(config.network, discriminator_options(config))
        if processes.count > 1:
            discriminator.share_statistics(processes.stddev)
        state = cls.initialise(
            (generator, discriminator), offer.initialise, config.seed, config.optimizer, device
        )
        use_lazy_betas(state.generator_optimizer, path_length_interval(config))
        use_lazy_betas(state.discriminator_optimizer, config.penalty.interval)
        if config.style.path_length_weight:
            state.statistics[PATH_LENGTH] = torch.zeros((), device=device)
        return state

    def reset_optimizers(self) -> None:
        """Clear the moments of both optimizers."""
        for optimizer in (self.generator_optimizer, self.discriminator_optimizer):
            optimizer.state.clear()

    def continue_with_average(self) -> None:
        """Give the generator the weights and buffers of the averaged one.

        It draws better pictures than the generator of any one step. Crops leave the levels below
        them as they are for the rest of the run, so these continue with it.
        """
        self.generator.load_state_dict(self.average.state_dict())


def discriminator_options(config: TrainingConfig) -> DiscriminatorOptions:
    """Settings of the discriminator that the objective determines."""
    objective, pool_size = config.objective, config.translation.pool_size
    return DiscriminatorOptions(
        objective.labels,
        objective.stddev_group,
        OBJECTIVES[objective.name].penalised,
        pool_size if offer_of(config.network).translates else 0,
    )


def optimizer_of(network: nn.Module, settings: OptimizerConfig) -> Optimizer:
    """Optimizer of the parameters of a network; each step sets the learning rate."""
    if settings.name == "rmsprop":
        return RMSprop(network.parameters(), lr=1.0)
    betas = (settings.beta1, settings.beta2)
    return Adam(network.parameters(), lr=1.0, betas=betas, fused=True)


def path_length_interval(config: StepSettings) -> int:
    """Steps from one path length regularization to the next; 1 without it."""
    return config.style.path_length_interval if config.style.path_length_weight else 1


def lazy_share(interval: int) -> float:
    """Share of learning rate and decays of an optimizer with a lazy term every `interval` steps.

    It takes `interval` + 1 updates where it took `interval`, so each does less (Karras et al. 2020,
    StyleGAN2, appendix B). 1 if no term is lazy.
    """
    return interval / (interval + 1) if interval > 1 else 1.0


def use_lazy_betas(optimizer: Optimizer, interval: int) -> None:
    """Raise the decays of Adam to the power of `lazy_share`, in place."""
    for group in optimizer.param_groups:
        if "betas" in group and interval > 1:
            beta1, beta2 = group["betas"]
            group["betas"] = (beta1 ** lazy_share(interval), beta2 ** lazy_share(interval))
