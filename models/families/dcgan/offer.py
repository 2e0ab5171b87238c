"""The offer of the DCGAN to training, export and service.

Owns the entry of the table of families, and the initial weights.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from models.families.dcgan.discriminator import DcganDiscriminator
from models.families.dcgan.generator import DcganGenerator
from models.family import Family

DEVIATION = 0.02


@torch.no_grad()
def draw_dcgan_weights(network: nn.Module, source: np.random.Generator) -> None:
    """Draw weights from N(0, 0.02), those of batch normalisation from N(1, 0.02); biases are 0.

    In the order of their names. Source: Radford et al. 2016, section 4; the second rule is that of
    PyTorch's example.
    """
    for name, parameter in sorted(network.named_parameters()):
        if name.endswith("bias"):
            parameter.zero_()
            continue
        values = source.standard_normal(tuple(parameter.shape), dtype=np.float32)
        mean = 1.0 if parameter.dim() == 1 else 0.0
        parameter.copy_(mean + DEVIATION * torch.from_numpy(values))


DCGAN_FAMILY = Family(
    title="DCGAN (Radford et al. 2016)",
    generator=DcganGenerator,
    discriminator=DcganDiscriminator,
    initialise=draw_dcgan_weights,
    labels=("none", "concatenation", "projection", "acgan"),
    objectives=None,
    grows=False,
    fits_exits=False,
    is_distributed=False,
)
