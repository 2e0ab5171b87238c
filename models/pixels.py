"""Conversion between network images and 8-bit pixels; the only module that rounds.

Networks use float `[N, C, H, W]` in [-1, 1]; files and data sets use uint8 `[N, H, W, C]`.
"""

from __future__ import annotations

import torch
from torch import Tensor


def to_pixels(images: Tensor) -> Tensor:
    """Float `[N, C, H, W]`, clipped to [-1, 1] -> uint8 `[N, H, W, C]`, contiguous.

    The 256 values divide [-1, 1] evenly: -1 becomes 0, 1 becomes 255.
    """
    scaled = images.float().add(1.0).mul(127.5).round().clamp(0, 255)
    return scaled.to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def from_pixels(pixels: Tensor) -> Tensor:
    """Uint8 `[N, H, W, C]` -> float `[N, C, H, W]` in [-1, 1], in channels_last memory."""
    return pixels.permute(0, 3, 1, 2).float().div(127.5).sub(1.0)
