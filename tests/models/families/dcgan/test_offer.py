"""The offer of the DCGAN: its initial weights."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from models.families.dcgan.config import DcganConfig
from models.families.dcgan.offer import DCGAN_FAMILY
from models.family import DiscriminatorOptions


def test_weights_begin_near_zero_and_those_of_the_normalisation_near_one() -> None:
    """With a deviation of 0.02, and biases at 0."""
    config = DcganConfig(32, classes=4)
    source = np.random.Generator(np.random.Philox(0))
    networks = (
        DCGAN_FAMILY.generator(config, None),
        DCGAN_FAMILY.discriminator(config, DiscriminatorOptions("projection", penalised=False)),
    )
    for network in networks:
        DCGAN_FAMILY.initialise(network, source)
        norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
        scales = torch.cat([norm.weight for norm in norms])
        others = [p.flatten() for p in network.parameters() if p.dim() > 1]

        assert abs(scales.mean().item() - 1.0) < 0.01
        assert abs(torch.cat(others).std().item() - 0.02) < 0.001
        assert abs(torch.cat(others).mean().item()) < 0.001
        assert all(not norm.bias.any() for norm in norms)
