"""The offer of the Progressive GAN to training, export and service.

Owns the entry of the table of families, and the initial weights.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from models.exit_shape import ExitShape
from models.families.config import FamilyConfig
from models.families.progan.discriminator import Discriminator
from models.families.progan.generator import Generator
from models.family import DiscriminatorOptions, Family


@torch.no_grad()
def draw_weights(network: nn.Module, source: np.random.Generator) -> None:
    """Fill weights with N(0, 1) and biases with 0 (section 4.1), in the order of their names."""
    for name, parameter in sorted(network.named_parameters()):
        if name.endswith("bias"):
            parameter.zero_()
        else:
            values = source.standard_normal(tuple(parameter.shape), dtype=np.float32)
            parameter.copy_(torch.from_numpy(values))


def _generator(config: FamilyConfig, exits: tuple[ExitShape, ...] | None) -> Generator:
    return Generator(config, exits)


def _discriminator(config: FamilyConfig, options: DiscriminatorOptions) -> Discriminator:
    return Discriminator(config, options.stddev_group, auxiliary=options.labels == "acgan")


PROGAN_FAMILY = Family(
    title="Progressive GAN (Karras et al. 2018)",
    generator=_generator,
    discriminator=_discriminator,
    initialise=draw_weights,
    labels=("none", "projection", "acgan"),
    objectives=("wgan-gp", "logistic-r1", "hinge", "rpgan-r1r2", "bce"),
    grows=True,
    fits_exits=True,
    is_distributed=True,
)
