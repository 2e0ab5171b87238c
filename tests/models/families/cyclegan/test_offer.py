"""The offer of the CycleGAN: its initial weights."""

from __future__ import annotations

import numpy as np
import torch

from models.families.cyclegan.config import CycleganConfig
from models.families.cyclegan.offer import CYCLEGAN_FAMILY
from models.family import DiscriminatorOptions


def test_weights_begin_near_zero_and_biases_at_zero() -> None:
    """With a deviation of 0.02; the two directions differ."""
    config = CycleganConfig(32, generator_maps=8, generator_blocks=1, discriminator_maps=8)
    source = np.random.Generator(np.random.Philox(0))
    generator = CYCLEGAN_FAMILY.generator(config, None)
    for network in (
        generator,
        CYCLEGAN_FAMILY.discriminator(config, DiscriminatorOptions(pool_size=2)),
    ):
        CYCLEGAN_FAMILY.initialise(network, source)
        weights = [p.flatten() for n, p in network.named_parameters() if n.endswith("weight")]
        biases = [p for n, p in network.named_parameters() if n.endswith("bias")]

        assert abs(torch.cat(weights).std().item() - 0.02) < 0.001
        assert not any(bias.any() for bias in biases)
    first, second = (
        torch.nn.utils.parameters_to_vector(each.parameters())
        for each in dict(generator.named_children())["into"].children()
    )
    assert not torch.equal(first, second)
