"""Conversion of gray pictures with more than 8 bits, signed or floating-point values to 8 bits.

Owns the mapping of stored values to black and white. Knows no colours.

**The range.** Unsigned values have one by their type: 0 to 65,535 for 16 bits, 0 to 4,095 for 12.
Signed and floating-point values have none, so it must be given: `--range=LOW:HIGH` (LOW becomes
black, HIGH white, values outside are clipped), or `--range=auto`, from the minimum to the maximum
of each picture. A given range also applies to unsigned values, but never to unsigned 8-bit ones. If
a TIFF declares 0 as white (WhiteIsZero), the result is inverted.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from models.picture import Pixels
from training.data.shape import Range, UnfitPictureError

PLANAR, SEPARATE = 284, 2  # TIFF 6.0, PlanarConfiguration: separate planes
EXTRA_SAMPLES = 338  # TIFF 6.0, ExtraSamples: meaning of the fourth sample of an RGB pixel
BITS, SAMPLE_FORMAT, PHOTOMETRIC = 258, 339, 262  # TIFF 6.0, tags of the same names
SIGNED, FLOATING, WHITE_IS_ZERO = 2, 3, 0  # values of the last two
FEW, NARROW = 24, 128  # at most 24 values, within less than 128 of 255, cause a warning
STATE_RANGE = "; state its range: --range=LOW:HIGH, or --range=auto"


class FewValues:
    """Detects data sets with very few different pixel values, all of them close together.

    Causes are 12-bit pictures in 16-bit files, or a given range that is much too wide.
    """

    def __init__(self) -> None:
        self._seen = np.zeros(256, np.bool_)

    def add(self, pictures: Pixels) -> None:
        """Add pictures `[N, H, W, C]`; does nothing once there are many values."""
        if np.count_nonzero(self._seen) <= FEW:
            self._seen |= np.bincount(pictures.reshape(-1), minlength=256) > 0

    def warning(self) -> str:
        """The warning if all pictures together have few values, else an empty string."""
        values = np.flatnonzero(self._seen)
        if len(values) > FEW or values[-1] - values[0] >= NARROW:
            return ""
        return (
            f"warning: all pictures together have only {len(values)} values, {values[0]} to "
            f"{values[-1]} of 255: if their files hold more, prepare them with --range=auto or "
            "--range=LOW:HIGH"
        )


def require_known(image: Image.Image, value_range: Range | str | None) -> None:
    """Reject pictures that Pillow reads wrongly, or with less precision than requested.

    Raises:
        UnfitPictureError: a TIFF with colours in separate planes that Pillow reads wrongly, or
            16-bit colours with a given range (Pillow keeps only the upper 8 bits).
    """
    bits = bits_of(image)
    coloured = image.mode not in ("L", "F") and not image.mode.startswith("I")
    if coloured and tag_of(image, PLANAR) == SEPARATE and has_wrong_planes(image, bits):
        raise UnfitPictureError(
            f"has {bits}-bit colours in separate planes, which Pillow reads wrongly; save it with "
            "interleaved colours, or as PNG"
        )
    if coloured and bits > 8 and value_range is not None:
        raise UnfitPictureError(
            f"has {bits}-bit colours, of which only the upper 8 bits are read; --range is for gray"
        )


def has_wrong_planes(image: Image.Image, bits: int) -> bool:
    """True if Pillow 13 reads the separate planes of a TIFF wrongly.

    Uncompressed: it reads 16-bit planes as 8-bit ones. Compressed: it loses the alpha plane of a
    gray picture, and divides colours by a fourth plane that is not declared as alpha.
    """
    codec = next((str(tile[0]) for tile in getattr(image, "tile", [])), "")
    if codec != "libtiff":
        return bits > 8
    undeclared = image.mode == "RGBA" and tag_of(image, EXTRA_SAMPLES) is None
    return undeclared or image.mode in ("LA", "La")


def bits_of(image: Image.Image) -> int:
    """Bits per stored value of a picture that is not decoded yet."""
    bits = tag_of(image, BITS)
    if bits is not None:
        return int(bits)
    rawmodes = [str(tile[3]) for tile in getattr(image, "tile", [])]
    return 16 if any(";16" in mode for mode in rawmodes) else 8


def is_deep(image: Image.Image) -> bool:
    """True if a picture is gray with more than 8 bits, or has signed values."""
    return image.mode.startswith("I") or image.mode == "F" or is_signed_byte(image)


def is_signed_byte(image: Image.Image) -> bool:
    """True if a TIFF has values from -128 to 127, which Pillow reads as 0 to 255."""
    return image.mode == "L" and bits_of(image) == 8 and tag_of(image, SAMPLE_FORMAT) == SIGNED


def to_eight_bits(image: Image.Image, value_range: Range | str | None) -> Image.Image:
    """Convert a deep gray picture to 8-bit gray, with alpha if one value is declared transparent.

    Args:
        image: opened, not decoded; `is_deep` is true for it.
        value_range: values that become black and white, `auto`, or None: the range of the type.

    Raises:
        UnfitPictureError: the range is unknown.
    """
    # Read the tags first: Pillow drops some of them when it decodes.
    full, inverted = full_range(image), tag_of(image, PHOTOMETRIC) == WHITE_IS_ZERO
    numbers = numbers_of(image)
    transparent = image.info.get("transparency")
    alpha = numbers != transparent if isinstance(transparent, int) else None
    if value_range is None:
        if full is None:
            kind = "floating-point" if numbers.dtype.kind == "f" else "signed"
            found = found_range(numbers)
            raise UnfitPictureError(
                f"has {kind} pixels ({found[0]:.6g} to {found[1]:.6g}){STATE_RANGE}"
            )
        gray = scaled(numbers, full)
    else:
        stated = found_range(numbers) if isinstance(value_range, str) else value_range
        gray = scaled(numbers, stated)
    # Pillow inverts signed bytes on reading; `numbers_of` has undone that.
    made = Image.fromarray(255 - gray if inverted else gray)
    if alpha is not None:
        made.putalpha(Image.fromarray(alpha.astype(np.uint8) * 255))
    return made


def full_range(image: Image.Image) -> Range | None:
    """The range of the type of a deep picture; None for signed and floating-point values."""
    sample_format = tag_of(image, SAMPLE_FORMAT)
    if image.mode == "F" or sample_format in (SIGNED, FLOATING):
        return None
    if image.mode == "I" and image.format == "TIFF":
        return 0.0, 2.0**32 - 1
    return 0.0, 4095.0 if tag_of(image, BITS) == 12 else 65535.0


def numbers_of(image: Image.Image) -> NDArray[Any]:
    """The stored values `[H, W]` with their correct sign."""
    unsigned = tag_of(image, SAMPLE_FORMAT) in (None, 1)
    signed_byte, inverted = is_signed_byte(image), tag_of(image, PHOTOMETRIC) == WHITE_IS_ZERO
    is_tiff = image.format == "TIFF"
    numbers = np.asarray(image)
    if signed_byte:
        return (255 - numbers if inverted else numbers).view(np.int8)
    if image.mode == "I" and is_tiff and unsigned:
        return numbers.view(np.uint32)
    return numbers


def found_range(numbers: NDArray[Any]) -> Range:
    """Minimum and maximum of the finite values; 0 and 1 if there are none."""
    finite = numbers[np.isfinite(numbers)] if numbers.dtype.kind == "f" else numbers
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def scaled(numbers: NDArray[Any], value_range: Range) -> NDArray[np.uint8]:
    """Scale values to gray: the lower end to 0, the upper end to 255, rounded half up.

    Values outside are clipped; NaN becomes black.
    """
    low, high = value_range
    if numbers.dtype == np.uint16:  # lookup table; integer arithmetic for the full range
        every = np.arange(65536)
        if (low, high) == (0.0, 65535.0):
            return ((every + 128) // 257).astype(np.uint8)[numbers]
        return scaled(every, value_range)[numbers]
    spread = (high - low) or 1.0
    parts = np.nan_to_num((numbers.astype(np.float64) - low) / spread, nan=0.0)
    return np.floor(parts.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def tag_of(image: Image.Image, tag: int) -> Any:  # noqa: ANN401  # a tag may hold anything
    """The (first) value of a TIFF tag; None in other files, or where it is missing or damaged."""
    if not isinstance(image, TiffImageFile):
        return None
    try:
        value: Any = image.tag_v2.get(tag)
    except Exception:  # noqa: BLE001  # a damaged tag may raise anything
        return None
    values = cast("tuple[Any, ...]", value if isinstance(value, tuple) else (value,))
    return values[0] if values else None
