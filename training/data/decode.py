"""Decoding of one picture to pixels of the target size and channels, or the reason for a refusal.

Owns the order of the steps: open, check the size, decode, convert to 8 bits and sRGB or to 16 bits
of gray, crop and resize, rotate upright. Knows neither the source of the pictures nor the files
written.
"""

from __future__ import annotations

import io
import math
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from models.opened_picture import TRANSPOSITIONS, scale_transparent_colour
from models.picture import Pixels
from models.resolution import SQUARE
from training.data.colour import flattened, plain, to_srgb
from training.data.depth import is_deep, require_known, to_eight_bits
from training.data.gray16 import require_gray, resize_gray, sixteen_bits
from training.data.kinds import HEAD, why_unreadable
from training.data.orientation import orientation_of, turned
from training.data.payload import Payload
from training.data.repair import END_MISSING, cut_short, repaired, same_pixels
from training.data.shape import Shape, UnfitPictureError, require_fit

MemoryLock = AbstractContextManager[object]  # held by one process at a time
MAX_PIXELS = 90_000_000  # a header with more is refused as a decompression bomb
MAX_UNPACKED = 40_000_000  # pixels; large JPEGs are unpacked at a fraction of their size
MAX_REPAIRED = 32 * 2**20  # bytes; larger damaged files are not repaired
CROWD_PIXELS = 4_000_000  # larger pictures are decoded by one process at a time, to bound memory
READABLE_FORMATS = (
    "AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "QOI", "TGA", "TIFF", "WEBP",
)  # fmt: skip  # a list of words reads best as lines; none of these starts another program
HEIF_LIBRARY = "pi_heif"  # optional; its wheels only decode, so no x265 of another licence


@dataclass(frozen=True)
class Decoded:
    """A decoded picture, `[H, W, C]`, and notes on irregularities, which are counted."""

    pixels: Pixels
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileDecoder:
    """Decodes a picture from bytes or from the path of a file."""

    shape: Shape

    def __call__(self, payload: Payload, memory_lock: MemoryLock) -> Decoded:
        """Decode to pixels `[H, W, C]`; any `payload` except bytes is a path.

        Raises:
            UnfitPictureError: too small, wrong aspect ratio, too large, or an unsupported format.
            Exception: any error that Pillow raises for a damaged file.
        """
        file = payload if isinstance(payload, bytes) else Path(str(payload))
        try:
            decoded = self._decode(file, memory_lock)
        except UnfitPictureError:
            raise
        except Exception as error:
            if (mended := self._mended(file, memory_lock)) is not None:
                return mended
            if isinstance(error, Image.UnidentifiedImageError):
                raise UnfitPictureError(why_unreadable(first_bytes(file))) from error
            raise
        return (
            Decoded(decoded.pixels, (END_MISSING, *decoded.notes)) if cut_short(file) else decoded
        )

    def _decode(self, file: Path | bytes, memory_lock: MemoryLock) -> Decoded:
        with open_picture(file) as image:
            return shaped_pixels(image, self.shape, memory_lock)

    def _mended(self, file: Path | bytes, memory_lock: MemoryLock) -> Decoded | None:
        """Decode a damaged file after a repair; None unless all its pixels are present."""
        if isinstance(file, Path):
            if file.stat().st_size > MAX_REPAIRED:
                return None
            file = file.read_bytes()
        for note, versions in repaired(file):
            try:
                with memory_lock:
                    whole = same_pixels(map(unpackable, versions))
                decoded = self._decode(versions[0], memory_lock) if whole else None
            except UnfitPictureError:
                raise
            except Exception:  # noqa: BLE001, S112  # a broken file may raise anything
                continue
            if decoded is not None:
                return Decoded(decoded.pixels, (note, *decoded.notes))
        return None


def open_picture(file: Path | bytes) -> Image.Image:
    """Read the header of a picture; its pixels are not decoded yet.

    Raises:
        UnfitPictureError: more than `MAX_PIXELS` pixels.
        OSError: the file cannot be read, or is no picture of a known format.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # errors that matter are raised below
            image = Image.open(as_file(file), formats=known_formats())
    except Image.DecompressionBombError as error:
        raise UnfitPictureError(f"has more than {MAX_PIXELS:,} pixels") from error
    if image.width * image.height > MAX_PIXELS:
        size = f"{image.width}x{image.height}"
        image.close()
        raise UnfitPictureError(f"has more than {MAX_PIXELS:,} pixels ({size})")
    scale_transparent_colour(image)
    if image.format == "TIFF":  # no memory map: Pillow 13 maps turned pictures in a wrong shape
        image.filename = ""
    return image


@cache
def known_formats() -> tuple[str, ...]:
    """The formats that can be read, including HEIF if its library is installed."""
    if find_spec(HEIF_LIBRARY) is None:
        return READABLE_FORMATS
    import_module(HEIF_LIBRARY).register_heif_opener()
    return (*READABLE_FORMATS, "HEIF")


def as_file(file: Path | bytes) -> Path | io.BytesIO:
    """Convert to an argument of `Image.open`."""
    return io.BytesIO(file) if isinstance(file, bytes) else file


def first_bytes(file: Path | bytes) -> bytes:
    """The first bytes of a file."""
    if isinstance(file, bytes):
        return file[:HEAD]
    with file.open("rb") as opened:
        return opened.read(HEAD)


def shaped_pixels(image: Image.Image, shape: Shape, memory_lock: MemoryLock) -> Decoded:
    """The first frame of an opened picture, upright, in the target shape: `[H, W, C]`."""
    if shape.base == SQUARE:
        require_fit(image.size, shape)  # early: reading the orientation may decode the picture
    if shape.bit_depth == 16:
        require_gray(image)
    require_known(image, shape.value_range)
    # The orientation of a PNG may be stored after its pixels: reading it decodes the picture.
    unpacked = require_unpackable(math.prod(image.size)) if image.format == "PNG" else 0
    with memory_lock if unpacked > CROWD_PIXELS else nullcontext():
        held = orientation_of(image)
        require_fit(turned(image.size, held), shape)
        height, width = shape.size
        lying = turned((width, height), held)  # before rotation, as in the file
        unpacked = 0 if unpacked else draft(image, (2 * lying[0], 2 * lying[1]))
        with memory_lock if unpacked > CROWD_PIXELS else nullcontext(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as above
            image, notes = converted(image, shape)
            image = reduced(image, lying)
    if (transposition := TRANSPOSITIONS.get(held)) is not None:
        image = image.transpose(transposition)
    if shape.bit_depth == 8:
        image = flattened(image, shape.channels)
    pixels = np.asarray(image).reshape(height, width, shape.channels)
    return Decoded(pixels, notes)


def draft(image: Image.Image, size: tuple[int, int]) -> int:
    """Set a JPEG to be decoded at 1/2, 1/4 or 1/8 scale if the result has at least `size`.

    Args:
        image: opened, not decoded.
        size: minimum width and height.

    Returns:
        The number of pixels that will be unpacked.

    Raises:
        UnfitPictureError: more than `MAX_UNPACKED` pixels.
    """
    unpacked = image.width * image.height
    image.draft(None, size)
    if "progressive" not in image.info:  # progressive ones are always unpacked at full size
        unpacked = image.width * image.height
    return require_unpackable(unpacked)


def require_unpackable(pixels: int) -> int:
    """Check a number of pixels against the limit and return it.

    Raises:
        UnfitPictureError: more than `MAX_UNPACKED` pixels.
    """
    if pixels > MAX_UNPACKED:
        raise UnfitPictureError(f"is too large ({pixels:,} pixels, at most {MAX_UNPACKED:,})")
    return pixels


def unpackable(data: bytes) -> Image.Image:
    """Open a picture and check that it may be unpacked at full size."""
    image = open_picture(data)
    require_unpackable(math.prod(image.size))
    return image


def converted(image: Image.Image, shape: Shape) -> tuple[Image.Image, tuple[str, ...]]:
    """Convert any picture to 8-bit gray, RGB or RGBA in sRGB, or to 16-bit gray; also return notes.

    Raises:
        UnfitPictureError: the range of its values is unknown.
    """
    if shape.bit_depth == 16:
        return sixteen_bits(image, shape.value_range)
    profile, note = image.info.get("icc_profile"), ""
    if is_deep(image):
        image = to_eight_bits(image, shape.value_range)
        image.info["icc_profile"] = profile
    if not shape.keep_profile:
        image, note = to_srgb(image)
    return plain(image, shape.channels), (note,) if note else ()


def reduced(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Crop the centre to the aspect ratio of `size` = (width, height), and resize it to `size`.

    Uses an antialiasing Lanczos filter, also for 16 bits.
    """
    if image.size == size:
        return image
    width = min(image.width, image.height * size[0] // size[1])
    height = min(image.height, image.width * size[1] // size[0])
    left, top = (image.width - width) // 2, (image.height - height) // 2
    box = (left, top, left + width, top + height)
    if image.mode == "I;16":
        return resize_gray(image, size, box)
    return image.resize(size, Resampling.LANCZOS, box=box, reducing_gap=3.0)
