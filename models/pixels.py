"""Between the networks' numbers and the pixels of a file; the only place that rounds.

Networks speak float `[N, C, H, W]` in [-1, 1]; files and data sets speak uint8 `[N, H, W, C]`.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Pixels = NDArray[np.uint8]

THUMBNAIL_SIZE = 4  # pixels


def to_pixels(images: Tensor) -> Tensor:
    """Float `[N, C, H, W]`, clipped to [-1, 1] -> uint8 `[N, H, W, C]`, contiguous.

    The 256 values divide [-1, 1] evenly: -1 is 0, 1 is 255.
    """
    scaled = images.float().add(1.0).mul(127.5).round().clamp(0, 255)
    return scaled.to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def from_pixels(pixels: Tensor) -> Tensor:
    """Uint8 `[N, H, W, C]` -> float `[N, C, H, W]` in [-1, 1], in channels_last memory."""
    return pixels.permute(0, 3, 1, 2).float().div(127.5).sub(1.0)


def thumbnail_of(pixels: Pixels) -> tuple[int, ...]:
    """The mean colour of each sixteenth of a picture `[H, W, C]`: 4 * 4 * C values, 0 to 255.

    Where a side does not divide by 4, a pixel on a border counts for each sixteenth by its share.
    """
    size = THUMBNAIL_SIZE
    rows, columns = (size // math.gcd(size, side) for side in pixels.shape[:2])
    pixels = pixels.repeat(rows, axis=0).repeat(columns, axis=1)
    height, width, channels = pixels.shape
    blocks = pixels.reshape(size, height // size, size, width // size, channels)
    return tuple(int(value) for value in blocks.mean(axis=(1, 3)).round().ravel())
