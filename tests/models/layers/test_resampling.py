"""Resampling: what doubling, halving and padding do to single pixels."""

import torch

from models.layers.resampling import downsample, pad_circular, spread, upsample, upsampling_kernel

GRID = torch.arange(4.0).reshape(1, 1, 2, 2)


def test_upsampling_repeats_and_downsampling_averages() -> None:
    """One undoes the other."""
    assert upsample(GRID)[0, 0, 0].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert torch.equal(downsample(upsample(GRID)), GRID)
    assert downsample(GRID).item() == 1.5


def test_circular_padding_continues_on_the_other_side() -> None:
    """Of every side."""
    assert pad_circular(GRID, 1)[0, 0, 1].tolist() == [1.0, 0.0, 1.0, 0.0]


def test_the_kernels_of_resampling_have_the_sum_of_their_copies() -> None:
    """Four of them; the transposed one is turned by half and has its axes exchanged."""
    weight = torch.randn(2, 3, 3, 3, generator=torch.Generator().manual_seed(0))

    wide = spread(weight)

    torch.testing.assert_close(wide.sum(), 4 * weight.sum())
    assert torch.equal(upsampling_kernel(weight), wide.flip(2, 3).transpose(0, 1))
