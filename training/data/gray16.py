"""Gray pictures in 16 bits: the numbers of a file, scaled by one range for the whole data set.

Owns the conversion of stored numbers to uint16, and the reasons why a picture has no such numbers.
Knows no colours: pictures of 8 bits are `training.data.colour` and `training.data.depth`.

**The range.** `--range=LOW:HIGH` maps LOW to 0 and HIGH to 65,535; without it the range is 0:65535,
so that the numbers of unsigned 16-bit pictures stay as they are. Whole numbers in a range of at
most 65,536 come back exactly: low + p / 65535 * (high - low), rounded, is the stored number.
StoredNumbers count here, not looks: colour profiles and the declaration that 0 is white (TIFF,
WhiteIsZero) change nothing, and are noted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from models.picture import Pixels, ValueRange, range_text
from training.data.depth import (
    PHOTOMETRIC,
    STATE_RANGE,
    WHITE_IS_ZERO,
    bits_of,
    found_range,
    full_range,
    is_deep,
    numbers_of,
    tag_of,
)
from training.data.shape import Range, Shape, UnfitPictureError

StoredNumbers = NDArray[Any]

LARGEST_PIXEL = 65535
STORED: ValueRange = (0.0, 65535.0)  # the range with which unsigned numbers of 16 bits stay
CLIPPED = "numbers outside the range, clipped to its ends"
NOT_NUMBERS = "pixels that are no number (NaN), taken as the low end of the range"
PROFILE_IGNORED = "colour profile ignored, since numbers are kept"
WHITE_ZERO_KEPT = "declares 0 as white; its numbers are kept, so it looks inverted"
COLOURED = "has colours or a palette; --depth 16 is for gray"
SHALLOW = "has gray of 8 bits or fewer; --depth 16 is for pictures of more, --depth 8 takes both"
WITH_ALPHA = "has gray of 16 bits with transparency, of which only 8 bits are read; save it without"
ONE_CLEAR = "declares one number transparent, which gray of 16 bits cannot be; save it without"


def range_of_data(shape: Shape) -> ValueRange | None:
    """The values of 0 and 65,535 in pictures prepared in this shape; None for those of 8 bits."""
    if shape.bit_depth == 8 or isinstance(shape.value_range, str):
        return None
    return shape.value_range or STORED


def require_gray(image: Image.Image) -> None:
    """Reject pictures without gray numbers of more than 8 bits; nothing is decoded yet.

    Raises:
        UnfitPictureError: colours, transparency, or 8 bits.
    """
    if not is_deep(image):
        if image.mode in ("LA", "La") or any("LA;16" in rawmode for rawmode in rawmodes_of(image)):
            raise UnfitPictureError(WITH_ALPHA if bits_of(image) > 8 else SHALLOW)
        raise UnfitPictureError(SHALLOW if image.mode in ("1", "L") else COLOURED)
    if image.info.get("transparency") is not None:
        raise UnfitPictureError(ONE_CLEAR)


def rawmodes_of(image: Image.Image) -> list[str]:
    """Layouts of the pixels in a file that is not decoded yet, as Pillow names them."""
    return [str(tile[3]) for tile in getattr(image, "tile", [])]


def sixteen_bits(
    image: Image.Image, value_range: Range | str | None
) -> tuple[Image.Image, tuple[str, ...]]:
    """Convert a picture that `require_gray` accepts to mode `I;16`; also return notes.

    Args:
        image: opened, not decoded.
        value_range: of the data set, never `auto`; None for numbers that stay as they are.

    Raises:
        UnfitPictureError: no range is given, and the type of the numbers is not unsigned 16-bit.
    """
    assert not isinstance(value_range, str), "each picture would have a range of its own"
    # Read before decoding, which drops some of it.
    full, greatest = full_range(image), greatest_of_pgm(image)
    declared = {
        PROFILE_IGNORED: bool(image.info.get("icc_profile")),
        WHITE_ZERO_KEPT: tag_of(image, PHOTOMETRIC) == WHITE_IS_ZERO,
    }
    numbers = numbers_of(image)
    if greatest is not None:
        numbers = as_stored(numbers, greatest)
    if value_range is None and (full is None or full[1] > LARGEST_PIXEL):
        low, high = found_range(numbers)
        kind = "32-bit" if full else "floating-point" if numbers.dtype.kind == "f" else "signed"
        raise UnfitPictureError(f"has {kind} pixels ({low:.6g} to {high:.6g}){STATE_RANGE}")
    gray, notes = in_range(numbers, value_range or STORED)
    return Image.fromarray(gray), (*notes, *(note for note, is_so in declared.items() if is_so))


def greatest_of_pgm(image: Image.Image) -> int | None:
    """The greatest number that a PGM declares, which Pillow scales to 65,535; None for others."""
    if image.format != "PPM" or image.mode != "I":
        return None
    tile = next(iter(getattr(image, "tile", [])), None)
    if tile is None:
        return None
    return LARGEST_PIXEL if tile[0] == "raw" else int(tile[3][1])


def as_stored(numbers: StoredNumbers, greatest: int) -> StoredNumbers:
    """Undo the scaling from 0 to `greatest` by Pillow, which is exact: it only spreads them."""
    return ((numbers.astype(np.int64) * greatest + LARGEST_PIXEL // 2) // LARGEST_PIXEL).astype(
        np.uint16
    )


def in_range(
    numbers: StoredNumbers, value_range: ValueRange
) -> tuple[NDArray[np.uint16], list[str]]:
    """Scale numbers to uint16, rounded half up: the range to 0 and 65,535; also return notes."""
    low, high = value_range
    if (
        numbers.dtype.kind == "u" and numbers.dtype.itemsize == 2
    ):  # a lookup table: 65,536 numbers instead of all pixels
        table, _ = in_range(np.arange(LARGEST_PIXEL + 1), value_range)
        least, greatest = found_range(numbers)
        return table[numbers], [CLIPPED] if least < low or greatest > high else []
    parts = (numbers.astype(np.float64) - low) / (high - low)
    missing = np.isnan(parts)
    outside = bool(((parts < 0) | (parts > 1)).any())
    gray = np.floor(np.where(missing, 0, parts).clip(0, 1) * LARGEST_PIXEL + 0.5).astype(np.uint16)
    notes = {CLIPPED: outside, NOT_NUMBERS: bool(missing.any())}
    return gray, [note for note, is_so in notes.items() if is_so]


def resize_gray(
    image: Image.Image, size: tuple[int, int], box: tuple[int, int, int, int]
) -> Image.Image:
    """Resize part of a picture of mode `I;16` to `size` = (width, height), rounded half up.

    The same antialiasing Lanczos filter as for 8 bits, in float32. Its overshoot is clipped.
    """
    floats = Image.fromarray(np.asarray(image).astype(np.float32))
    made = np.asarray(floats.resize(size, Resampling.LANCZOS, box=box, reducing_gap=3.0))
    return Image.fromarray(
        np.floor(made.clip(0, LARGEST_PIXEL) + np.float32(0.5)).astype(np.uint16)
    )


class RangeUse:
    """Detects data sets of 16 bits that use a small part of their range.

    The cause is mostly numbers of 12 bits without `--range=0:4095`.

    Args:
        value_range: of the data set.
    """

    def __init__(self, value_range: ValueRange) -> None:
        self._range = value_range
        self._least, self._greatest = LARGEST_PIXEL, 0

    def add(self, pictures: Pixels) -> None:
        """Add pictures `[N, H, W, 1]`."""
        self._least = min(self._least, int(pictures.min()))
        self._greatest = max(self._greatest, int(pictures.max()))

    def warning(self) -> str:
        """The warning if all pictures together use less than half of the range, else empty."""
        if 2 * (self._greatest - self._least) >= LARGEST_PIXEL or self._greatest <= self._least:
            return ""
        low, high = self._range
        found = [low + p / LARGEST_PIXEL * (high - low) for p in (self._least, self._greatest)]
        return (
            f"warning: all pictures together have values from {found[0]:.6g} to {found[1]:.6g} "
            f"only, of the range {range_text(self._range)}: networks learn better from the whole "
            f"of it, so prepare them with --range={range_text((found[0], found[1]))} --replace, or "
            "with the range of the instrument, such as --range=0:4095 for 12 bits"
        )
