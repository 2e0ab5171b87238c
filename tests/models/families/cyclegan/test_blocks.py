"""The layers of a CycleGAN, beside their definitions."""

from __future__ import annotations

import torch

from models.families.cyclegan.blocks import (
    InstanceNorm,
    PictureOfEntry,
    ReflectionPadding,
    TranslatorBlock,
)


def test_each_map_of_each_picture_is_normalised_alone() -> None:
    """Mean 0 and variance 1, whatever else is in the batch; fp32 holds the sums to 1e-5."""
    x = 3.0 * torch.randn(2, 3, 8, 8) + torch.arange(3.0)[:, None, None]
    normalised = InstanceNorm()(x)
    mean, variance = x.mean((2, 3), keepdim=True), x.var((2, 3), correction=0, keepdim=True)

    torch.testing.assert_close(
        normalised, (x - mean) / (variance + 1e-5).sqrt(), atol=1e-5, rtol=1e-5
    )
    torch.testing.assert_close(InstanceNorm()(x[1:]), normalised[1:], atol=1e-6, rtol=1e-6)
    assert InstanceNorm()(x.bfloat16()).dtype is torch.float32


def test_a_constant_map_becomes_zero() -> None:
    """Not a number would spread over the picture."""
    assert not InstanceNorm()(torch.full((1, 2, 4, 4), 0.7)).abs().gt(1e-3).any()


def test_edges_are_reflected_without_being_repeated() -> None:
    """1 2 3 becomes 2 1 2 3 2."""
    row = torch.tensor([1.0, 2.0, 3.0]).expand(1, 1, 3, 3)

    assert ReflectionPadding(1)(row)[0, 0, 0].tolist() == [2.0, 1.0, 2.0, 3.0, 2.0]


def test_a_block_without_weights_changes_nothing() -> None:
    """It adds to its input."""
    block, x = TranslatorBlock(4), torch.randn(1, 4, 8, 8)
    for parameter in block.parameters():
        parameter.data.zero_()

    assert torch.equal(block(x), x)


def test_the_source_is_the_first_part_of_an_entry_vector() -> None:
    """In the order of its tensor."""
    picture = torch.randn(2, 3, 4, 5)
    entry = torch.cat([picture.flatten(1), torch.ones(2, 2)], dim=1)

    assert torch.equal(PictureOfEntry(3, 4, 5)(entry), picture)
