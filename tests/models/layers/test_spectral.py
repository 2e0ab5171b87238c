"""Spectral normalisation: the largest singular value of a kernel is 1."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from models.layers.kernel_layer import kernels_cached
from models.layers.spectral import (
    SpectralConv2d,
    SpectralLayer,
    SpectralLinear,
    SpectralTable,
    SpectralUpConv2d,
    SpectralUpShortcut,
)


@torch.no_grad()
@pytest.mark.parametrize(
    "build",
    [lambda: SpectralLinear(12, 8), lambda: SpectralTable(5, 12), lambda: SpectralConv2d(3, 7, 3)],
    ids=["linear", "table", "convolution"],
)
def test_the_largest_singular_value_is_one(build: Callable[[], SpectralLayer]) -> None:
    """After convergence; the estimate lies below the true value by less than a thousandth.

    For fixed weights: it converges the slower, the closer the second singular value is to the
    first.
    """
    torch.manual_seed(0)
    layer = build().eval()
    layer.converge()

    norm = torch.linalg.matrix_norm(layer.kernel().flatten(1), 2)

    assert norm.item() == pytest.approx(1.0, abs=1e-3)


@torch.no_grad()
def test_the_estimate_moves_in_training_only() -> None:
    """By one step for each kernel; within an update the kernel is computed once."""
    layer = SpectralLinear(12, 8)
    before = layer.direction.clone()
    layer.eval()(torch.randn(1, 12))
    assert torch.equal(layer.direction, before)

    layer.train()
    with kernels_cached(layer):
        layer(torch.randn(1, 12))
        moved = layer.direction.clone()
        layer(torch.randn(1, 12))

    assert not torch.equal(moved, before)
    assert torch.equal(layer.direction, moved)


def test_the_gradient_is_that_of_the_quotient() -> None:
    """A factor of the weights changes nothing, so the gradient is orthogonal to them."""
    layer = SpectralLinear(12, 8).double()
    layer.converge()
    layer.eval()
    (layer(torch.randn(4, 12, dtype=torch.float64)) ** 2).sum().backward()

    assert layer.weight.grad is not None
    across = (layer.weight.grad * layer.weight).sum() / layer.weight.grad.norm()
    assert across.item() == pytest.approx(0.0, abs=1e-6)


@torch.no_grad()
@pytest.mark.parametrize(
    ("layer", "plain"),
    [
        (SpectralUpConv2d(3, 4), nn.Conv2d(3, 4, 3, padding=1)),
        (SpectralUpShortcut(3, 4), nn.Conv2d(3, 4, 1)),
    ],
)
def test_upsampling_layers_double_the_size_and_then_convolve(
    layer: SpectralConv2d, plain: nn.Conv2d
) -> None:
    """In one kernel, which may round otherwise."""
    layer.eval()
    plain.weight.copy_(SpectralConv2d.kernel(layer))
    plain.bias = layer.bias
    x = torch.randn(2, 3, 4, 4)
    expected = plain(F.interpolate(x, scale_factor=2.0))

    for made in (layer(x), layer.folded()(x)):
        torch.testing.assert_close(made, expected, atol=1e-5, rtol=1e-5)
