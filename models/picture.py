"""Pictures as arrays `[H, W, C]`, between the networks and the files.

Owns the type, the check of its shape, the conversion of transparency, gray and bit depth for file
formats without them, and two summaries of a picture: its digest and its thumbnail. Knows neither
tensors nor file formats, so that its users need not import torch.

**Bit depth.** Pictures are uint8; gray ones may be uint16. A pixel p of 16 bits stands for the
value low + p / 65535 * (high - low), where (low, high) is the value range of its data set.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Pixels = NDArray[np.uint8 | np.uint16]  # [H, W, C]; [N, H, W, C] where a docstring states it
BitDepth = Literal[8, 16]
ValueRange = tuple[float, float]  # values of the pixels 0 and 65,535

CHANNELS = (1, 3, 4)  # gray, RGB, RGBA
THUMBNAIL_SIZE = 4  # pixels


def checked(pixels: Pixels) -> Pixels:
    """Validate a picture and return it contiguous in memory.

    Args:
        pixels: uint8 `[H, W, C]` with 1 (gray), 3 (RGB) or 4 (RGBA) channels, or uint16
            `[H, W, 1]`.

    Raises:
        ValueError: wrong type or shape, or an empty picture.
    """
    if pixels.dtype != np.uint8 and pixels.dtype != np.uint16:
        raise ValueError(
            f"a picture is uint8 or uint16, not {pixels.dtype}: use models.pixels.to_pixels"
        )
    if pixels.ndim != 3 or pixels.shape[2] not in CHANNELS or 0 in pixels.shape:
        raise ValueError(f"a picture is [H, W, C] with C = 1, 3 or 4, not {list(pixels.shape)}")
    if pixels.dtype == np.uint16 and pixels.shape[2] != 1:
        raise ValueError(f"only gray pictures have 16 bits, not {pixels.shape[2]} channels")
    return np.ascontiguousarray(pixels)


def bit_depth_of(pixels: Pixels) -> BitDepth:
    """Bits per pixel and channel of an array: 8 or 16."""
    return 16 if pixels.dtype.itemsize == 2 else 8


def require_depth(bit_depth: BitDepth, channels: int, value_range: ValueRange | None) -> None:
    """Check that the properties of a data set or model agree.

    Raises:
        ValueError: neither 8 nor 16 bits, 16 bits with colours, a value range with 8 bits, or none
            with 16; or its ends are not finite or not rising.
    """
    if bit_depth not in (8, 16):
        raise ValueError(f"bit_depth must be 8 or 16, not {bit_depth}")
    if bit_depth == 16 and channels != 1:
        raise ValueError(f"only gray pictures have 16 bits, not those of {channels} channels")
    if (value_range is None) != (bit_depth == 8):
        raise ValueError(f"value_range: with 16 bits two numbers, else none, not {value_range}")
    low, high = value_range or (0.0, 1.0)
    if not -math.inf < low < high < math.inf:
        raise ValueError(f"value_range must be low and high, low below high, not {value_range}")


def in_eight_bits(pixels: Pixels) -> Bytes:
    """The 8-bit view of pictures of any shape: uint16 / 257, rounded; uint8 unchanged."""
    if bit_depth_of(pixels) == 8:
        return pixels.astype(np.uint8, copy=False)
    wide = pixels.astype(np.uint32)  # in place: a picture may be large
    wide += 128
    wide //= 257
    return wide.astype(np.uint8)


def checked_in_eight_bits(pixels: Pixels) -> Bytes:
    """Validate a picture and return its 8-bit view, contiguous in memory.

    Raises:
        ValueError: as `checked`.
    """
    return in_eight_bits(checked(pixels))


def sample_bytes(pixels: Pixels) -> Bytes:
    """The raw bytes of a picture `[H, W, C]`, as in PNG: a value of 16 bits is big-endian.

    Returns:
        uint8 `[H, W, C]`, contiguous; `[H, W, 2]` for uint16 `[H, W, 1]`.
    """
    if bit_depth_of(pixels) == 16:
        return np.ascontiguousarray(pixels, ">u2").view(np.uint8)
    return np.ascontiguousarray(pixels, np.uint8)


def number_text(value: float) -> str:
    """A number as the shortest text that `float` reads back, such as `4095` or `-0.5`."""
    return repr(float(value)).removesuffix(".0").replace("e+", "e")


def range_text(value_range: ValueRange) -> str:
    """A value range as text, `low:high`, such as `0:4095`."""
    return ":".join(map(number_text, value_range))


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
    """SHA-256 of the raw bytes of `[H, W, C]` images one after another, in hexadecimal.

    Values of 16 bits are big-endian, on every machine (`sample_bytes`).
    """
    digest = hashlib.sha256()
    for image in images:
        digest.update(sample_bytes(image).data)
    return digest.hexdigest()


def thumbnail_of(pixels: Pixels) -> tuple[int, ...]:
    """Mean colour of each cell of a 4x4 grid on a picture `[H, W, C]`: 4 * 4 * C values, 0 to 255.

    If a side is not divisible by 4, a pixel on a border counts for each cell in proportion to
    its overlap. Pixels of 16 bits are scaled to the same range after averaging.
    """
    size = THUMBNAIL_SIZE
    rows, columns = (size // math.gcd(size, side) for side in pixels.shape[:2])
    pixels = pixels.repeat(rows, axis=0).repeat(columns, axis=1)
    height, width, channels = pixels.shape
    blocks = pixels.reshape(size, height // size, size, width // size, channels)
    means = blocks.mean(axis=(1, 3)) / (257 if bit_depth_of(pixels) == 16 else 1)
    return tuple(int(value) for value in means.round().ravel())
