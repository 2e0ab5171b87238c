"""One encoded picture -> pixels of the wanted size and channels, or a reason why not.

Owns every rule about what is accepted (size, shape, kind of file) and how kinds of pixels are
converted. Knows neither where pictures come from nor where they go. Colour profiles are ignored.
"""

from __future__ import annotations

import io
import math
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from PIL.ExifTags import Base as ExifTag
from PIL.Image import Resampling, Transpose

from models.families.progan.config import BASE_RESOLUTION, SQUARE, Size, size_of
from models.picture import Pixels

Payload = str | bytes | int  # what a source hands over to be decoded
MemoryLock = AbstractContextManager[object]  # held by one process at a time
Fit = Literal["square", "exact", "crop"]
FITS: tuple[Fit, ...] = ("square", "exact", "crop")
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
MAX_PIXELS = 90_000_000  # a file that promises more is refused as a decompression bomb
MAX_UNPACKED = 40_000_000  # pixels; large JPEGs are unpacked at a fraction of their size
CROWD_PIXELS = 4_000_000  # larger pictures are decoded one at a time, so that memory stays bounded
FORMATS = (
    "AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "QOI", "TGA", "TIFF", "WEBP",
)  # fmt: skip  # a list of words reads best as lines; none of these starts another program
ORIENTATIONS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}  # EXIF 2.32, tag 274: how the camera was held
SIDEWAYS = {number for number in ORIENTATIONS if number >= 5}  # width and height change places


class UnfitPictureError(ValueError):
    """A picture that is readable but does not fit what was asked for; the message is the reason."""


@dataclass(frozen=True)
class Shape:
    """What every picture is turned into, and which pictures may be.

    Attributes:
        resolution: of the largest level (`models.families.progan.config`).
        channels: 1 gray, 3 RGB (transparency is laid on white), 4 RGBA.
        fit: `square`: pictures of just these proportions, square ones unless the base says
            otherwise, and at least this size; `exact`: those of just this size; `crop`: the middle
            of any that is at least as wide and as high.
        base: height and width at level 0, and so the proportions.
    """

    resolution: int
    channels: int
    fit: Fit = "square"
    base: Size = SQUARE

    @property
    def size(self) -> Size:
        """Height and width in pixels."""
        return size_of(self.resolution, self.base)


@dataclass(frozen=True)
class FileDecoder:
    """Decodes the bytes of a picture, or the file a path leads to."""

    shape: Shape

    def __call__(self, payload: Payload, memory_lock: MemoryLock) -> Pixels:
        """Pixels `[H, W, C]`; any `payload` but bytes is a path.

        Raises:
            UnfitPictureError: it is too small, of other proportions, too large, or of no usable
                kind.
            Exception: whatever a broken file makes its decoder raise.
        """
        file = io.BytesIO(payload) if isinstance(payload, bytes) else Path(str(payload))
        with open_picture(file) as image:
            return shaped_pixels(image, self.shape, memory_lock)


def open_picture(file: Path | io.BytesIO) -> Image.Image:
    """Read the head of a picture; its pixels are not decoded yet.

    Raises:
        UnfitPictureError: it has more than `MAX_PIXELS`.
        OSError: no picture of a known kind.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters of a file's oddities raises below
            image = Image.open(file, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise UnfitPictureError(f"has more than {MAX_PIXELS:,} pixels") from error
    if image.width * image.height > MAX_PIXELS:
        size = f"{image.width}x{image.height}"
        image.close()
        raise UnfitPictureError(f"has more than {MAX_PIXELS:,} pixels ({size})")
    return image


def shaped_pixels(image: Image.Image, shape: Shape, memory_lock: MemoryLock) -> Pixels:
    """The first frame of an opened picture, upright, in the wanted shape: `[H, W, C]`."""
    if shape.base == SQUARE:
        require_fit(image.size, shape)  # at once: to know its orientation may take decoding it
    # How a PNG was held may be told behind its pixels: to ask is to decode it.
    unpacked = require_unpackable(math.prod(image.size)) if image.format == "PNG" else 0
    with memory_lock if unpacked > CROWD_PIXELS else nullcontext():
        held = image.getexif().get(ExifTag.Orientation, 1)
        require_fit(turned(image.size, held), shape)
        height, width = shape.size
        lying = turned((width, height), held)  # as it lies in the file
        unpacked = 0 if unpacked else draft(image, (2 * lying[0], 2 * lying[1]))
        with memory_lock if unpacked > CROWD_PIXELS else nullcontext(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as above
            image = reduced(plain(image, shape.channels), lying)
    if (orientation := ORIENTATIONS.get(held)) is not None:
        image = image.transpose(orientation)
    image = flattened(image, shape.channels)
    return np.asarray(image).reshape(height, width, shape.channels)


def turned(size: tuple[int, int], held: int) -> tuple[int, int]:
    """Width and height of what lies in a file, to the eye; or the other way round."""
    return (size[1], size[0]) if held in SIDEWAYS else size


def draft(image: Image.Image, size: tuple[int, int]) -> int:
    """Decode a JPEG at a half, a quarter or an eighth if that still leaves `size` pixels.

    Args:
        image: opened, not decoded.
        size: width and height.

    Returns:
        How many pixels will be unpacked.

    Raises:
        UnfitPictureError: more than `MAX_UNPACKED`.
    """
    unpacked = image.width * image.height
    image.draft(None, size)
    if "progressive" not in image.info:  # such a one is unpacked at its full size all the same
        unpacked = image.width * image.height
    return require_unpackable(unpacked)


def require_unpackable(pixels: int) -> int:
    """The same number of pixels, if so many may be unpacked.

    Raises:
        UnfitPictureError: more than `MAX_UNPACKED`.
    """
    if pixels > MAX_UNPACKED:
        raise UnfitPictureError(f"is too large: {pixels:,} pixels, at most {MAX_UNPACKED:,}")
    return pixels


def reduced(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The middle of a picture, of the proportions of `size` = (width, height), and at that size.

    By a Lanczos filter as wide as needed.
    """
    if image.size == size:
        return image
    width = min(image.width, image.height * size[0] // size[1])
    height = min(image.height, image.width * size[1] // size[0])
    left, top = (image.width - width) // 2, (image.height - height) // 2
    box = (left, top, left + width, top + height)
    return image.resize(size, Resampling.LANCZOS, box=box, reducing_gap=3.0)


def largest_within(size: Size, base: Size) -> int:
    """How large a resolution, of whatever number, fits into height and width `size`."""
    return min(BASE_RESOLUTION * side // part for side, part in zip(size, base, strict=True))


def require_fit(size: tuple[int, int], shape: Shape) -> None:
    """Refuse a picture of `size` = (width, height) that does not fit.

    Raises:
        UnfitPictureError: saying its size and what was wanted.
    """
    width, height = size
    wanted = shape.size[::-1]
    if shape.fit == "exact" and size != wanted:
        raise UnfitPictureError(f"is {width}x{height}, not {wanted[0]}x{wanted[1]}")
    if shape.fit != "crop" and width * wanted[1] != height * wanted[0]:
        kind = "square" if shape.base == SQUARE else f"{shape.base[1]} wide to {shape.base[0]} high"
        raise UnfitPictureError(f"is not {kind} ({width}x{height}); --fit crop takes its middle")
    if width < wanted[0] or height < wanted[1]:
        needed = str(wanted[0]) if shape.base == SQUARE else f"{wanted[0]}x{wanted[1]}"
        raise UnfitPictureError(f"is too small ({width}x{height}, {needed} are needed)")


def plain(image: Image.Image, channels: int) -> Image.Image:
    """Any kind of picture as gray, RGB, or RGBA if it is transparent; nothing is copied twice.

    Raises:
        UnfitPictureError: its pixels are floating-point numbers.
    """
    if image.mode == "F":
        raise UnfitPictureError("has floating-point pixels, whose range is unknown")
    if image.mode.startswith("I"):
        return from_sixteen_bits(image)
    mode = "RGBA" if image.has_transparency_data else MODES[channels]
    return image if image.mode == mode else image.convert(mode)


def flattened(image: Image.Image, channels: int) -> Image.Image:
    """The wanted channels; transparency that is not among them is laid on white."""
    if image.mode == "RGBA" and channels != 4:
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image)
        image = ground
    return image.convert(MODES[channels])


def from_sixteen_bits(image: Image.Image) -> Image.Image:
    """Gray of 16 bits -> gray of 8: 0 stays 0, 65535 becomes 255."""
    values = np.asarray(image)
    if values.dtype != np.uint16:
        values = values.clip(0, 65535).astype(np.uint16)
    table = ((np.arange(65536) + 128) // 257).astype(np.uint8)
    return Image.fromarray(table[values])
