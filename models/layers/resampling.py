"""Resampling of feature maps and images `[N, C, H, W]`, and circular padding.

Owns pure functions: nearest-neighbour upsampling, box downsampling, the kernels that fuse them with
a 3x3 convolution, and padding for images that tile. Knows no layer.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def upsample(x: Tensor) -> Tensor:
    """Nearest-neighbour upsampling x2: `[N, C, H, W]` -> `[N, C, 2H, 2W]`."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def downsample(x: Tensor) -> Tensor:
    """Average pooling of 2x2 blocks: `[N, C, 2H, 2W]` -> `[N, C, H, W]`."""
    return F.avg_pool2d(x, 2)


def pad_circular(x: Tensor, pixels: int) -> Tensor:
    """Pad each side of `[N, C, H, W]` with pixels of the opposite side."""
    return F.pad(x, (pixels,) * 4, mode="circular")


def spread(weight: Tensor) -> Tensor:
    """Sum of four copies of a 3x3 kernel, shifted by 0 or 1: `[O, I, 3, 3]` -> `[O, I, 4, 4]`."""
    w = F.pad(weight, (1, 1, 1, 1))
    return w[:, :, 1:, 1:] + w[:, :, :-1, 1:] + w[:, :, 1:, :-1] + w[:, :, :-1, :-1]


def upsampling_kernel(weight: Tensor) -> Tensor:
    """The transposed kernel equal to nearest x2, then 3x3: `[O, I, 3, 3]` -> `[I, O, 4, 4]`."""
    return spread(weight).flip(2, 3).transpose(0, 1)
