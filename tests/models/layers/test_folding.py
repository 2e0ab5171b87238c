"""A folded layer computes what the layer computes, and nothing else changes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.layers.folding import CircularPadding, fold
from models.layers.progan import (
    DownConv2d,
    EqualizedConv2d,
    EqualizedLinear,
    UpConv2d,
    make_circular,
)


@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (EqualizedLinear(6, 5), (2, 6)),
        (EqualizedConv2d(6, 5, kernel=3), (2, 6, 8, 8)),
        (EqualizedConv2d(6, 5, kernel=1, gain=1.0), (2, 6, 8, 8)),
        (UpConv2d(6, 5), (2, 6, 8, 8)),
        (DownConv2d(6, 5), (2, 6, 8, 8)),
    ],
    ids=["dense", "3x3", "1x1", "up", "down"],
)
def test_a_folded_layer_equals_the_equalized_one(
    layer: nn.Module, shape: tuple[int, ...], circular: bool
) -> None:
    """The scale is in the weights, and nothing else has changed."""
    house = nn.Sequential(nn.Sequential(layer))
    if circular:
        make_circular(house)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    expected = house(x)
    fold(house)

    assert not any(isinstance(m, EqualizedLinear | EqualizedConv2d) for m in house.modules())
    torch.testing.assert_close(house(x), expected)


def test_a_layer_without_scale_stays_as_it_is() -> None:
    """There is nothing to fold in it."""
    layer = nn.LeakyReLU(0.2)
    house = nn.Sequential(layer)
    fold(house)

    assert house[0] is layer


def test_circular_padding_copies_the_opposite_side() -> None:
    """Of every side."""
    padded = CircularPadding(1)(torch.arange(4.0).reshape(1, 1, 2, 2))

    assert padded[0, 0, 0].tolist() == [3.0, 2.0, 3.0, 2.0]
