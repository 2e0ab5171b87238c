"""Layers of another tool as a generator of ours."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from models.families.progan.config import NetworkConfig
from training.imports.assembly import (
    EffectiveLayer,
    ProganLayers,
    assemble,
    fitting_network,
    fmap_rule,
)
from training.imports.refusal import ImportRefusedError


def layers_of(maps: list[int], channels: int = 3) -> ProganLayers:
    """Layers of zeros with these feature maps, a latent of 6."""

    def zeros(*shape: int) -> EffectiveLayer:
        return EffectiveLayer(torch.zeros(shape).double(), torch.zeros(shape[0]).double())

    levels = [
        (zeros(above, below, 3, 3), zeros(above, above, 3, 3)) for below, above in pairwise(maps)
    ]
    exits = [zeros(channels, count, 1, 1) for count in maps]
    return ProganLayers(zeros(16 * maps[0], 6), zeros(maps[0], maps[0], 3, 3), levels, exits)


@pytest.mark.parametrize(
    ("maps", "rule"),
    [
        ([512, 512, 512, 512, 256, 128, 64, 32, 16], (8192, 512)),  # the paper
        ([512, 512, 512, 512, 512, 256, 128, 64, 32], (16384, 512)),  # pro_gan_pytorch 3
        ([256, 256, 256, 256, 128], (4096, 256)),  # pro_gan_pytorch 2 with a latent of 256
        ([16, 16], (64, 16)),
        ([12, 6, 3], (24, 12)),
        ([10, 5, 2], (20, 10)),
    ],
)
def test_feature_maps_are_those_of_the_source(maps: list[int], rule: tuple[int, int]) -> None:
    """By the base and the most that give them."""
    network = fitting_network(layers_of(maps))

    assert fmap_rule(maps) == rule
    assert [network.feature_maps(level) for level in range(len(maps))] == maps


def test_the_configuration_follows_the_shapes() -> None:
    """Resolution, channels and latent; and the kind of stem."""
    layers = replace(layers_of([8, 4], channels=1), stem_norm=False)

    assert fitting_network(layers) == NetworkConfig(8, 1, 6, 16, 8, stem_norm=False)


def test_a_layer_of_ours_multiplies_with_the_effective_weight() -> None:
    """What is stored, scaled as we scale it, is the weight of the source."""
    layers = layers_of([4, 4])
    weight = torch.randn(4, 4, 3, 3, generator=torch.Generator().manual_seed(1)).double()
    layers = replace(layers, conv=EffectiveLayer(weight, torch.ones(4).double()))

    generator = assemble(layers)

    assert torch.allclose(generator.stem.conv.kernel().double(), weight, rtol=3e-7, atol=0)
    assert generator.stem.conv.bias.tolist() == [1.0] * 4
    assert not generator.training


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (layers_of([16, 4, 16]), "16, 4, 16 feature maps"),
        (layers_of([4, 4], channels=2), "channels must be one of"),
        (layers_of([4] * 10), "no network of ours has these shapes"),
    ],
)
def test_shapes_that_no_network_of_ours_has_are_refused(layers: ProganLayers, message: str) -> None:
    """The message says which."""
    with pytest.raises(ImportRefusedError, match=message):
        assemble(layers)


def test_a_weight_that_is_not_finite_is_refused() -> None:
    """Infinity would make every picture black or white."""
    layers = layers_of([4, 4])
    layers.exits[1].weight[0, 0] = torch.inf

    with pytest.raises(ImportRefusedError, match=r"a weight of exits\.1 is not finite"):
        assemble(layers)
