"""Layers of another tool as a generator of ours."""

from dataclasses import replace

import pytest
import torch

from models.families.progan.config import ProganConfig
from tests.training.imports.layers_of_zeros import layers_of
from training.imports.assembly import assemble, fitting_network
from training.imports.effective_layers import EffectiveLayer, ProganLayers
from training.imports.refusal import ImportRefusedError


def test_the_configuration_follows_the_shapes() -> None:
    """Resolution, channels and latent; and the kind of stem."""
    layers = replace(layers_of([8, 4], channels=1), stem_norm=False)

    assert fitting_network(layers) == ProganConfig(8, 1, 6, 16, 8, stem_norm=False)


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
