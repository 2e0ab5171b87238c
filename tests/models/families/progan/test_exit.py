"""Exits: built as their shape says."""

import torch
import torch.nn.functional as F

from models.exit_shape import ExitShape
from models.families.progan.exit import build_exit, convolutions_of
from models.layers.progan import EqualizedConv2d


def test_a_linear_exit_is_one_convolution() -> None:
    """As in the paper, so that its weights keep their names."""
    exit_ = build_exit(8, 3, ExitShape())

    assert isinstance(exit_, EqualizedConv2d)
    assert exit_.weight.shape == (3, 8, 1, 1)


def test_a_deep_exit_is_a_chain_with_leaky_relus_between() -> None:
    """And none after the last: an image is linear."""
    exit_ = build_exit(8, 3, ExitShape((1, 3, 5), (6, 4))).requires_grad_(False)
    x = torch.randn(2, 8, 7, 7, generator=torch.Generator().manual_seed(0))

    narrow, middle, last = convolutions_of(exit_)
    expected = last(F.leaky_relu(middle(F.leaky_relu(narrow(x), 0.2)), 0.2))
    assert torch.equal(exit_(x), expected)
    assert expected.shape == (2, 3, 7, 7)
    shapes = [tuple(layer.weight.shape) for layer in (narrow, middle, last)]
    assert shapes == [(6, 8, 1, 1), (4, 6, 3, 3), (3, 4, 5, 5)]
