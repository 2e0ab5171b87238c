"""Kernels that are computed once within an update."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from models.layers.kernel_layer import kernels_cached
from models.layers.progan import DownConv2d, EqualizedConv2d, EqualizedLinear, UpConv2d


@pytest.fixture
def layers() -> nn.Sequential:
    """One of each kind that has a kernel, in a row: `[N, 3, 4, 4]` -> `[N, 2]`."""
    convolutions = EqualizedConv2d(3, 4, 3), UpConv2d(4, 4), DownConv2d(4, 2)
    return nn.Sequential(*convolutions, nn.Flatten(), EqualizedLinear(32, 2))


def move_weights(layers: nn.Sequential) -> None:
    """Every kernel becomes another one; biases stay."""
    for name, weight in layers.named_parameters():
        if name.endswith("weight"):
            weight.data.add_(1)


def twice(layers: nn.Sequential, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """What two runs come to together, and its slope for all weights."""
    y = layers(x) + layers(2 * x).square()
    return y, list(torch.autograd.grad(y.sum(), list(layers.parameters())))


def test_kept_kernels_come_to_the_same(layers: nn.Sequential) -> None:
    """Outputs to the bit; slopes but for the order in which they are summed."""
    x = torch.randn(2, 3, 4, 4)
    expected, slopes = twice(layers, x)

    with kernels_cached(layers):
        y, kept = twice(layers, x)

    assert torch.equal(y, expected)
    torch.testing.assert_close(kept, slopes)


def test_a_kept_kernel_is_made_once(layers: nn.Sequential) -> None:
    """However often the network runs, and anew the next time."""
    x = torch.randn(1, 3, 4, 4)
    with kernels_cached(layers):
        first = layers(x)
        move_weights(layers)
        assert torch.equal(layers(x), first)

    assert not torch.equal(layers(x), first)


def test_a_run_without_slopes_takes_none_from_the_next(layers: nn.Sequential) -> None:
    """Its kernels cannot be differentiated, so they are not handed on."""
    x = torch.randn(1, 3, 4, 4)
    with kernels_cached(layers):
        with torch.no_grad():
            layers(x)
        _, slopes = twice(layers, x)

    assert all(slope.count_nonzero() for slope in slopes)


def test_weights_that_rest_hand_slopes_on_to_images(layers: nn.Sequential) -> None:
    """As where the generator learns from a discriminator that does not."""
    layers.requires_grad_(False)
    x = torch.randn(1, 3, 4, 4, requires_grad=True)
    with kernels_cached(layers):
        (slope,) = torch.autograd.grad(layers(x).sum(), x)

    assert slope.count_nonzero() == x.numel()


def test_kernels_are_not_kept_beyond_a_failure(layers: nn.Sequential) -> None:
    """The next run makes its own."""
    x, misshapen = torch.randn(1, 3, 4, 4), torch.randn(1, 2, 4, 4)
    before = layers(x)
    with pytest.raises(RuntimeError), kernels_cached(layers):
        layers(misshapen)
    move_weights(layers)

    assert not torch.equal(layers(x), before)
