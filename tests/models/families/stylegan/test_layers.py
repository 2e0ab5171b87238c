"""The shared layers of a StyleGAN2: filter, activation, slow layers, embedding."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from models.families.stylegan.layers import (
    MAPPING_RATE,
    ClassEmbedding,
    LowPass,
    SlowLinear,
    activate,
    low_pass_kernel,
)


def test_the_filter_keeps_constant_maps_and_removes_the_finest_stripes() -> None:
    """Its sum is 1; pixels that alternate have a mean of 0."""
    blur = LowPass(2, 0)
    flat, stripes = torch.ones(1, 2, 8, 8), torch.ones(1, 2, 8, 8)
    stripes[..., ::2] = -1.0

    assert low_pass_kernel().sum().item() == 1.0
    torch.testing.assert_close(blur(flat), torch.ones(1, 2, 5, 5))
    torch.testing.assert_close(blur(stripes), torch.zeros(1, 2, 5, 5))


@pytest.mark.parametrize(("padding", "stride", "size"), [(1, 1, 7), (2, 1, 9), (1, 2, 4)])
def test_the_filter_changes_the_size_as_told(padding: int, stride: int, size: int) -> None:
    """Each map is filtered alone."""
    x = torch.randn(2, 3, 8, 8)
    filtered = LowPass(3, padding, stride, gain=4.0)(x)

    assert filtered.shape == (2, 3, size, size)
    alone = F.conv2d(x[:, 1:2], 4.0 * low_pass_kernel(), stride=stride, padding=padding)
    torch.testing.assert_close(filtered[:, 1:2], alone)


def test_the_activation_keeps_the_mean_square() -> None:
    """Of normal numbers, up to the small share of the negative slope."""
    mean_square = activate(torch.randn(100_000)).square().mean().item()

    assert mean_square == pytest.approx(1.0 + 0.2**2, abs=0.03)


def test_a_slow_layer_computes_as_a_plain_one_whose_weights_are_a_hundredth() -> None:
    """So a step of Adam changes its result a hundredth as much; folded it is the same."""
    layer, x = SlowLinear(5, 3), torch.randn(4, 5)
    torch.nn.init.normal_(layer.bias)
    plain = F.linear(x, layer.weight * MAPPING_RATE / 5**0.5, layer.bias * MAPPING_RATE)

    torch.testing.assert_close(layer(x), F.leaky_relu(plain, 0.2) * 2**0.5)
    torch.testing.assert_close(layer.folded()(x), plain)


def test_embedded_classes_have_unit_mean_square() -> None:
    """One vector for each class."""
    vectors = ClassEmbedding(3, 16)(torch.tensor([0, 2, 0]))

    torch.testing.assert_close(vectors.square().mean(dim=1), torch.ones(3), atol=1e-4, rtol=0)
    assert torch.equal(vectors[0], vectors[2])
    assert not torch.equal(vectors[0], vectors[1])
