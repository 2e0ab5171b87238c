"""Pictures as uint8 arrays `[H, W, C]`, between the networks and the files.

Owns the type, the check of its shape, the conversion of transparency and gray for file formats
without them, and two summaries of a picture: its digest and its thumbnail. Knows neither tensors
nor file formats, so that its users need not import torch.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # [H, W, C], or [N, H, W, C] where a docstring states it

CHANNELS = (1, 3, 4)  # gray, RGB, RGBA
THUMBNAIL_SIZE = 4  # pixels


def checked(pixels: Pixels) -> Pixels:
    """Validate a picture and return it contiguous in memory.

    Args:
        pixels: uint8 `[H, W, C]` with 1 (gray), 3 (RGB) or 4 (RGBA) channels.

    Raises:
        ValueError: wrong type or shape, or an empty picture.
    """
    if pixels.dtype != np.uint8:
        raise ValueError(f"a picture is uint8, not {pixels.dtype}: use models.pixels.to_pixels")
    if pixels.ndim != 3 or pixels.shape[2] not in CHANNELS or 0 in pixels.shape:
        raise ValueError(f"a picture is [H, W, C] with C = 1, 3 or 4, not {list(pixels.shape)}")
    return np.ascontiguousarray(pixels)


def on_white(pixels: Pixels) -> Pixels:
    """Composite RGBA `[H, W, 4]` over white -> RGB `[H, W, 3]`; others unchanged."""
    if pixels.shape[2] != 4:
        return pixels
    alpha = pixels[..., 3:].astype(np.uint16)
    mixed = pixels[..., :3] * alpha + 255 * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)


def in_colour(pixels: Pixels) -> Pixels:
    """Gray `[H, W, 1]` -> RGB `[H, W, 3]` of equal channels; others unchanged."""
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels


def as_shown(pixels: Pixels) -> Pixels:
    """The array for Pillow's `fromarray`: gray `[H, W, 1]` -> `[H, W]`; others unchanged."""
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels


def pixel_sha256(images: Iterable[Pixels]) -> str:
    """SHA-256 of the raw bytes of uint8 `[H, W, C]` images one after another, in hexadecimal."""
    digest = hashlib.sha256()
    for image in images:
        digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def thumbnail_of(pixels: Pixels) -> tuple[int, ...]:
    """Mean colour of each cell of a 4x4 grid on a picture `[H, W, C]`: 4 * 4 * C values, 0 to 255.

    If a side is not divisible by 4, a pixel on a border counts for each cell in proportion to
    its overlap.
    """
    size = THUMBNAIL_SIZE
    rows, columns = (size // math.gcd(size, side) for side in pixels.shape[:2])
    pixels = pixels.repeat(rows, axis=0).repeat(columns, axis=1)
    height, width, channels = pixels.shape
    blocks = pixels.reshape(size, height // size, size, width // size, channels)
    return tuple(int(value) for value in blocks.mean(axis=(1, 3)).round().ravel())
