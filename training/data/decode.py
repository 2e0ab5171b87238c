"""One encoded picture -> pixels of the wanted size and channels, or a reason why not.

Owns the order of the steps: open, refuse what does not fit, decode, convert to 8 bits and sRGB,
turn upright, crop and resize. Knows neither where pictures come from nor where they go.
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

from models.families.progan.config import SQUARE
from models.picture import Pixels
from training.data.colour import flattened, plain, scale_key, to_srgb
from training.data.depth import is_deep, require_known, to_eight_bits
from training.data.kinds import HEAD, why_unreadable
from training.data.orientation import ORIENTATIONS, orientation_of, turned
from training.data.repair import END_MISSING, cut_short, repaired, same_pixels
from training.data.shape import Shape, UnfitPictureError, require_fit

Payload = str | bytes | int  # what a source hands over to be decoded
MemoryLock = AbstractContextManager[object]  # held by one process at a time
MAX_PIXELS = 90_000_000  # a file that promises more is refused as a decompression bomb
MAX_UNPACKED = 40_000_000  # pixels; large JPEGs are unpacked at a fraction of their size
MAX_REPAIRED = 32 * 2**20  # bytes of a damaged file that is held to be mended
CROWD_PIXELS = 4_000_000  # larger pictures are decoded one at a time, so that memory stays bounded
READABLE_FORMATS = (
    "AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "QOI", "TGA", "TIFF", "WEBP",
)  # fmt: skip  # a list of words reads best as lines; none of these starts another program
HEIF_LIBRARY = "pi_heif"  # optional; its wheels only decode, so no x265 of another licence


@dataclass(frozen=True)
class Decoded:
    """A decoded picture, `[H, W, C]`, and what was unusual about it, in words worth counting."""

    pixels: Pixels
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileDecoder:
    """Decodes the bytes of a picture, or the file a path leads to."""

    shape: Shape

    def __call__(self, payload: Payload, memory_lock: MemoryLock) -> Decoded:
        """Pixels `[H, W, C]`; any `payload` but bytes is a path.

        Raises:
            UnfitPictureError: it is too small, of other proportions, too large, or of no usable
                kind.
            Exception: whatever a broken file makes its decoder raise.
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
        """What a damaged file shows if all its pixels are there, else None."""
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
    """Read the head of a picture; its pixels are not decoded yet.

    Raises:
        UnfitPictureError: it has more than `MAX_PIXELS`.
        OSError: it cannot be read, or is no picture of a known kind.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters of a file's oddities raises below
            image = Image.open(as_file(file), formats=known_formats())
    except Image.DecompressionBombError as error:
        raise UnfitPictureError(f"has more than {MAX_PIXELS:,} pixels") from error
    if image.width * image.height > MAX_PIXELS:
        size = f"{image.width}x{image.height}"
        image.close()
        raise UnfitPictureError(f"has more than {MAX_PIXELS:,} pixels ({size})")
    scale_key(image)
    return image


@cache
def known_formats() -> tuple[str, ...]:
    """The formats that are read, HEIF among them where its library is installed."""
    if find_spec(HEIF_LIBRARY) is None:
        return READABLE_FORMATS
    import_module(HEIF_LIBRARY).register_heif_opener()
    return (*READABLE_FORMATS, "HEIF")


def as_file(file: Path | bytes) -> Path | io.BytesIO:
    """What Pillow opens."""
    return io.BytesIO(file) if isinstance(file, bytes) else file


def first_bytes(file: Path | bytes) -> bytes:
    """The first bytes of a file."""
    if isinstance(file, bytes):
        return file[:HEAD]
    with file.open("rb") as opened:
        return opened.read(HEAD)


def shaped_pixels(image: Image.Image, shape: Shape, memory_lock: MemoryLock) -> Decoded:
    """The first frame of an opened picture, upright, in the wanted shape: `[H, W, C]`."""
    if shape.base == SQUARE:
        require_fit(image.size, shape)  # at once: to know its orientation may take decoding it
    require_known(image, shape.value_range)
    # The orientation of a PNG may stand behind its pixels: to ask is to decode it.
    unpacked = require_unpackable(math.prod(image.size)) if image.format == "PNG" else 0
    with memory_lock if unpacked > CROWD_PIXELS else nullcontext():
        held = orientation_of(image)
        require_fit(turned(image.size, held), shape)
        height, width = shape.size
        lying = turned((width, height), held)  # as it lies in the file
        unpacked = 0 if unpacked else draft(image, (2 * lying[0], 2 * lying[1]))
        with memory_lock if unpacked > CROWD_PIXELS else nullcontext(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as above
            image, note = eight_bits(image, shape)
            image = reduced(image, lying)
    if (orientation := ORIENTATIONS.get(held)) is not None:
        image = image.transpose(orientation)
    image = flattened(image, shape.channels)
    pixels = np.asarray(image).reshape(height, width, shape.channels)
    return Decoded(pixels, (note,) if note else ())


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
        raise UnfitPictureError(f"is too large ({pixels:,} pixels, at most {MAX_UNPACKED:,})")
    return pixels


def unpackable(data: bytes) -> Image.Image:
    """A picture that was opened and may be unpacked at its full size."""
    image = open_picture(data)
    require_unpackable(math.prod(image.size))
    return image


def eight_bits(image: Image.Image, shape: Shape) -> tuple[Image.Image, str]:
    """Any kind of picture as 8-bit gray, RGB or RGBA in sRGB, and what was unusual about it.

    Raises:
        UnfitPictureError: its numbers have no known range.
    """
    profile, note = image.info.get("icc_profile"), ""
    if is_deep(image):
        image = to_eight_bits(image, shape.value_range)
        image.info["icc_profile"] = profile
    if not shape.keep_profile:
        image, note = to_srgb(image)
    return plain(image, shape.channels), note


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
