"""What a picture is between the engine and the encoders: uint8 `[H, W, C]`.

Owns the type, the check of its shape, and what to do with transparency or colour where a file
format lacks them. Knows no file format.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

CHANNELS = (1, 3, 4)  # gray, RGB, RGBA


def checked(pixels: Pixels) -> Pixels:
    """The same picture, contiguous in memory.

    Args:
        pixels: uint8 `[H, W, C]` with 1 (gray), 3 (RGB) or 4 (RGBA) channels.

    Raises:
        ValueError: another type or shape, or an empty picture.

    """
    if pixels.dtype != np.uint8:
        raise ValueError(f"a picture is uint8, not {pixels.dtype}: use models.pixels.to_pixels")
    if pixels.ndim != 3 or pixels.shape[2] not in CHANNELS or 0 in pixels.shape:
        raise ValueError(f"a picture is [H, W, C] with C = 1, 3 or 4, not {list(pixels.shape)}")
    return np.ascontiguousarray(pixels)


def on_white(pixels: Pixels) -> Pixels:
    """RGBA `[H, W, 4]` laid over white -> RGB `[H, W, 3]`; others as they are."""
    if pixels.shape[2] != 4:
        return pixels
    alpha = pixels[..., 3:].astype(np.uint16)
    mixed = pixels[..., :3] * alpha + 255 * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)


def in_colour(pixels: Pixels) -> Pixels:
    """Gray `[H, W, 1]` -> RGB `[H, W, 3]` of equal channels; others as they are."""
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels


def as_shown(pixels: Pixels) -> Pixels:
    """What to hand to Pillow's `fromarray`: gray loses its channel axis."""
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels
