"""The layers of a StarGAN, beside their definitions."""

from __future__ import annotations

import torch

from models.families.stargan.blocks import (
    PictureAndPlanes,
    ScaledInstanceNorm,
    StarganBlock,
    normalised_convolution,
)
from models.families.stargan.config import StarganConfig


def test_the_domain_stands_beside_the_picture_as_constant_planes() -> None:
    """In the order of the tensor; the planes are no weights."""
    planes = PictureAndPlanes(StarganConfig(8, 3, 4, 1, 4, 2, 3, base_width=6))
    picture = torch.randn(2, 3, 8, 12)
    domains = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    result = planes(torch.cat([picture.flatten(1), domains], dim=1))

    assert result.shape == (2, 6, 8, 12)
    assert torch.equal(result[:, :3], picture)
    assert torch.equal(result[:, 3:], domains[:, :, None, None].expand(-1, -1, 8, 12))
    assert not planes.state_dict()


def test_each_map_of_each_picture_is_normalised_alone_and_scaled() -> None:
    """By its own statistics, also in evaluation mode; fp32 holds the sums to 1e-5."""
    norm = ScaledInstanceNorm(3).eval().requires_grad_(False)
    norm.weight.copy_(torch.tensor([1.0, 2.0, 0.5]))
    norm.bias.copy_(torch.tensor([0.0, -1.0, 3.0]))
    x = 3.0 * torch.randn(2, 3, 8, 8) + torch.arange(3.0)[:, None, None]
    mean, variance = x.mean((2, 3), keepdim=True), x.var((2, 3), correction=0, keepdim=True)
    expected = (x - mean) / (variance + 1e-5).sqrt()
    expected = expected * norm.weight[:, None, None] + norm.bias[:, None, None]

    torch.testing.assert_close(norm(x), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(norm(x[1:]), expected[1:], atol=1e-5, rtol=1e-5)
    assert norm(x.bfloat16()).dtype is torch.float32


def test_a_plane_is_not_lost_in_the_first_layer() -> None:
    """Its edges are zeros; reflected, it would be constant, and normalisation would remove it."""
    layers = torch.nn.Sequential(*normalised_convolution(2, 4, 7, 1)).requires_grad_(False)
    picture = torch.randn(1, 1, 16, 16)
    first, second = (
        layers(torch.cat([picture, torch.full_like(picture, n)], 1)) for n in (0.0, 1.0)
    )

    assert (first - second).abs().max() > 0.1


def test_convolutions_keep_the_size_or_halve_it() -> None:
    """As the paper's tables have it."""
    x = torch.randn(1, 2, 8, 12)

    for kernel, stride, size in ((7, 1, (8, 12)), (4, 2, (4, 6)), (3, 1, (8, 12))):
        layers = torch.nn.Sequential(*normalised_convolution(2, 3, kernel, stride))
        assert layers(x).shape == (1, 3, *size)
        assert layers(x).min() == 0.0


def test_a_block_without_weights_changes_nothing() -> None:
    """It adds to its input."""
    block, x = StarganBlock(4), torch.randn(1, 4, 8, 8)
    for parameter in block.parameters():
        parameter.data.zero_()

    assert torch.equal(block(x), x)
