"""Conversion between network images and pixels of 8 or 16 bits; the only module that rounds.

Networks use float `[N, C, H, W]` in [-1, 1]; files and data sets use uint8 or uint16
`[N, H, W, C]`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from models.picture import BitDepth

HALF_RANGES = {torch.uint8: 127.5, torch.uint16: 32767.5}  # half the largest value of a pixel
PIXEL_TYPES: dict[BitDepth, torch.dtype] = {8: torch.uint8, 16: torch.uint16}


def to_pixels(images: Tensor, bit_depth: BitDepth = 8) -> Tensor:
    """Float `[N, C, H, W]`, clipped to [-1, 1] -> uint8 or uint16 `[N, H, W, C]`, contiguous.

    The 256 or 65,536 values divide [-1, 1] evenly: -1 becomes 0, 1 becomes 255 or 65,535.
    """
    kind = PIXEL_TYPES[bit_depth]
    half = HALF_RANGES[kind]
    scaled = images.float().add(1.0).mul(half).round().clamp(0, 2 * half)
    return scaled.to(kind).permute(0, 2, 3, 1).contiguous()


def from_pixels(pixels: Tensor) -> Tensor:
    """Uint8 or uint16 `[N, H, W, C]` -> float `[N, C, H, W]` in [-1, 1], in channels_last memory.

    `to_pixels` gives the same pixels back: float32 has 24 bits.
    """
    return pixels.permute(0, 3, 1, 2).float().div(HALF_RANGES[pixels.dtype]).sub(1.0)
