"""The offer of the StarGAN: its initial weights."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from models.families.stargan.config import StarganConfig
from models.families.stargan.offer import STARGAN_FAMILY
from models.family import DiscriminatorOptions


def test_convolutions_begin_uniformly_and_normalisation_as_the_identity() -> None:
    """Within one by the root of the inputs of a number, the same from the same source."""
    config = StarganConfig(16, 3, 8, 1, 8, 2, 3)
    for build in (
        lambda: STARGAN_FAMILY.generator(config, None),
        lambda: STARGAN_FAMILY.discriminator(config, DiscriminatorOptions()),
    ):
        network, again = build(), build()
        for each in (network, again):
            STARGAN_FAMILY.initialise(each, np.random.Generator(np.random.Philox(0)))
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                bound = module.weight[0].numel() ** -0.5
                assert 0.9 * bound < module.weight.abs().max() <= bound
                assert abs(module.weight.mean().item()) < 0.2 * bound
        norms = [p for n, p in network.named_parameters() if n.endswith("weight") and p.dim() == 1]
        assert all(torch.equal(p, torch.ones_like(p)) for p in norms)
        weights = [*zip(network.parameters(), again.parameters(), strict=True)]
        assert all(torch.equal(*pair) for pair in weights)
