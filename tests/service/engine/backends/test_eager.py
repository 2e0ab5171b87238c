"""A folded network computes what the plain one does."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.families.progan.config import ExitShape, NetworkConfig
from models.families.progan.generator import Generator
from models.families.progan.growth import Growth
from models.layers import DownConv2d, EqualizedConv2d, EqualizedLinear, UpConv2d
from service.engine.backends.eager import eager_network, fold

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (EqualizedLinear(6, 5), (2, 6)),
        (EqualizedConv2d(6, 5, kernel=3), (2, 6, 8, 8)),
        (EqualizedConv2d(6, 5, kernel=1, gain=1.0), (2, 6, 8, 8)),
        (UpConv2d(6, 5), (2, 6, 8, 8)),
    ],
    ids=["dense", "3x3", "1x1", "up"],
)
def test_a_folded_layer_equals_the_equalized_one(layer: nn.Module, shape: tuple[int, ...]) -> None:
    """The scale is in the weights, and nothing else has changed."""
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    expected = layer(x)
    house = nn.Sequential(layer)
    fold(house)

    assert not isinstance(house[0], EqualizedLinear | EqualizedConv2d)
    torch.testing.assert_close(house(x), expected)


def test_a_layer_that_is_not_known_stays_as_it_is() -> None:
    """A descendant is not its parent: folding it as one would be wrong without a word."""
    layer = DownConv2d(4, 4)
    house = nn.Sequential(layer)
    fold(house)

    assert house[0] is layer


@pytest.mark.parametrize("tiling", [False, True])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_form_makes_the_pictures_of_the_generator(channels: int, tiling: bool) -> None:
    """At every exit, also with wide and deep ones."""
    config = NetworkConfig(32, channels, 16, 256, 16, tiling=tiling)
    shapes = (ExitShape(), ExitShape((3,)), ExitShape((1, 3, 3, 1), (24, 16, 8)), ExitShape((5,)))
    generator = Generator(config, shapes).eval().requires_grad_(False)
    z = torch.randn(3, 16, generator=torch.Generator().manual_seed(2))
    expected = [generator(z, Growth(level)) for level in range(4)]
    form = eager_network(generator.stem, generator.levels, generator.exits, CPU)

    features = form.stem(z)
    for level, picture in enumerate(expected):
        torch.testing.assert_close(form.exits[level](features), picture)
        features = form.levels[level](features) if level < 3 else features


def test_features_keep_the_memory_order_that_convolutions_like() -> None:
    """From the stem to the last level."""
    generator = Generator(NetworkConfig(16, 3, 16, 256, 16)).eval().requires_grad_(False)
    form = eager_network(generator.stem, generator.levels, generator.exits, CPU)
    features = form.stem(torch.zeros(2, 16))
    for level in form.levels:
        assert features.is_contiguous(memory_format=torch.channels_last)
        features = level(features)
    assert features.is_contiguous(memory_format=torch.channels_last)
