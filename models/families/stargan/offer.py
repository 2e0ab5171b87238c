"""The offer of the StarGAN to training, export and service.

Owns the entry of the table of families, and the initial weights.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from models.families.stargan.discriminator import StarganDiscriminator
from models.families.stargan.generator import StarganGenerator
from models.families.translator import translating_family


@torch.no_grad()
def draw_stargan_weights(network: nn.Module, source: np.random.Generator) -> None:
    """Draw weights and biases of convolutions uniformly from 1 / sqrt(fan in) around 0.

    In the order of their names; normalisation begins with 1 and 0. The paper names no rule, this is
    the default of PyTorch, with which its networks were trained.
    """
    parameters = dict(network.named_parameters())
    for name, parameter in sorted(parameters.items()):
        weight = parameters[f"{name.rpartition('.')[0]}.weight"]
        if weight.dim() == 1:
            parameter.fill_(1.0 if parameter is weight else 0.0)
            continue
        numbers = source.random(tuple(parameter.shape), dtype=np.float32)
        bound = 1.0 / math.sqrt(weight[0].numel())
        parameter.copy_(bound * (2.0 * torch.from_numpy(numbers) - 1.0))


STARGAN_FAMILY = translating_family(
    title="StarGAN (Choi et al. 2018)",
    generator=StarganGenerator,
    discriminator=StarganDiscriminator,
    initialise=draw_stargan_weights,
    labels=("acgan",),
    objectives=("wgan-gp",),
    many_domains=True,
)
