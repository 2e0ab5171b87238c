"""The layers of a DCGAN, and what becomes of their statistics."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.families.dcgan.blocks import DownBlock, FirstBlock, ImageBlock, UpBlock
from models.layers.folding import fold


@pytest.mark.parametrize(
    ("block", "shape"),
    [
        (FirstBlock(12, 8, (4, 4)), (3, 12)),
        (FirstBlock(12, 8, (4, 6)), (3, 12)),
        (UpBlock(8, 4), (3, 8, 4, 4)),
    ],
    ids=["first", "first, wide", "up"],
)
def test_a_folded_block_equals_the_normalised_one(block: nn.Module, shape: tuple[int, ...]) -> None:
    """Up to rounding: weights are rounded once more, and sums are in another order.

    1e-5 is about 100 units in the last place of values near 1.
    """
    house = nn.Sequential(block)
    with torch.no_grad():
        for name, value in [*house.named_parameters(), *house.named_buffers()]:
            if value.is_floating_point():
                value.normal_(generator=torch.Generator().manual_seed(len(name)))
            if name.endswith("running_var"):
                value.abs_()
    house.eval()
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    expected = house(x)
    fold(house)

    assert not any(isinstance(module, nn.BatchNorm2d) for module in house.modules())
    torch.testing.assert_close(house(x), expected, atol=1e-5, rtol=1e-5)


def test_images_lie_within_the_range_of_pixels() -> None:
    """Whatever the features."""
    images = ImageBlock(4, 3)(1e3 * torch.randn(2, 4, 8, 8))

    assert images.shape == (2, 3, 16, 16)
    assert images.abs().max() <= 1


def test_statistics_of_the_discriminator_are_those_of_the_batch() -> None:
    """It keeps none, so it is the same network in training and in evaluation."""
    block, x = DownBlock(3, 4, normalised=True, bias=False), torch.randn(4, 3, 8, 8)

    assert not [*block.buffers()]
    assert torch.equal(block(x), block.eval()(x))
    alone = DownBlock(3, 4, normalised=False, bias=True)
    torch.testing.assert_close(alone(x)[:1], alone(x[:1]))
