"""The offer of the CycleGAN to training, export and service.

Owns the entry of the table of families, and the initial weights.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from models.families.cyclegan.discriminator import cyclegan_discriminator
from models.families.cyclegan.generator import CycleganGenerator
from models.families.translator import translating_family

WEIGHT_DEVIATION = 0.02


@torch.no_grad()
def draw_cyclegan_weights(network: nn.Module, source: np.random.Generator) -> None:
    """Draw weights from N(0, 0.02), in the order of their names; biases are 0.

    Source: Zhu et al. 2017, appendix 7.1.
    """
    for name, parameter in sorted(network.named_parameters()):
        if name.endswith("bias"):
            parameter.zero_()
            continue
        values = source.standard_normal(tuple(parameter.shape), dtype=np.float32)
        parameter.copy_(WEIGHT_DEVIATION * torch.from_numpy(values))


CYCLEGAN_FAMILY = translating_family(
    title="CycleGAN (Zhu et al. 2017)",
    generator=CycleganGenerator,
    discriminator=cyclegan_discriminator,
    initialise=draw_cyclegan_weights,
    labels=("none",),
    objectives=("least-squares",),
    many_domains=False,
)
