"""Encoding of one picture into a file: the table of formats that clients may request.

PNG and WebP are always lossless; JPEG is lossy and the smallest. Only PNG has 16 bits: other files
of such pictures are 8-bit views. The same pixels and facts give the
same bytes as long as `ENCODER_VERSION` stays the same. Knows neither models nor HTTP.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import isal
import PIL
from PIL import Image, features

from models.picture import BitDepth, Pixels, as_shown, checked_in_eight_bits, on_white
from service.media.png import write_png
from service.media.provenance import Facts, exif_block, xmp_packet
from service.media.webp import write_webp

# Increase the first number whenever the same pixels may give other bytes.
ENCODER_VERSION: Final = "-".join(
    [
        "4",
        f"pillow{PIL.__version__}",
        f"webp{features.version('webp')}",
        f"jpeg{features.version('libjpeg_turbo') or features.version('jpg')}",
        f"isal{isal.__version__}",
        f"igzip{isal.ISAL_VERSION}",
    ]
)

# Chroma at full resolution: drawings gain 4 dB for a third more bytes. Huffman tables fitted to the
# picture (`optimize`) save a tenth of the bytes and cost half a millisecond at 256 px.
JPEG_QUALITY: Final = 90
JPEG_SUBSAMPLING: Final = "4:4:4"


@dataclass(frozen=True)
class ImageFormat:
    """A file format for one picture.

    Attributes:
        name: name in requests of clients.
        media_type: for `Content-Type` and `Accept`.
        extension: extension of the file name, with its dot.
        lossless: True if the decoded pixels are equal to the encoded ones.
        write: pixels `[H, W, C]` and facts -> bytes.
        bit_depth: largest one of a pixel; of deeper pictures it has an 8-bit view.

    """

    name: str
    media_type: str
    extension: str
    lossless: bool
    write: Callable[[Pixels, Facts], bytes]
    bit_depth: BitDepth = 8


def write_jpeg(pixels: Pixels, facts: Facts) -> bytes:
    """Encode one picture `[H, W, C]` as JPEG; RGBA is composited on white, gray stays gray."""
    image = Image.fromarray(as_shown(on_white(checked_in_eight_bits(pixels))))
    try:
        return _jpeg(image, facts, optimize=True)
    except OSError:  # optimized files must fit into a byte per pixel, which noise does not
        return _jpeg(image, facts, optimize=False)


def _jpeg(image: Image.Image, facts: Facts, *, optimize: bool) -> bytes:
    file = io.BytesIO()
    image.save(
        file,
        "JPEG",
        quality=JPEG_QUALITY,
        subsampling=JPEG_SUBSAMPLING,
        optimize=optimize,
        exif=exif_block(facts),
        xmp=xmp_packet(facts),
    )
    return file.getvalue()


FORMATS: Final[dict[str, ImageFormat]] = {
    "png": ImageFormat("png", "image/png", ".png", True, write_png, bit_depth=16),
    "webp": ImageFormat("webp", "image/webp", ".webp", True, write_webp),
    "jpeg": ImageFormat("jpeg", "image/jpeg", ".jpg", False, write_jpeg),
}


def encode(pixels: Pixels, format: str, facts: Facts) -> bytes:
    """Encode a picture as a file.

    Args:
        pixels: uint8 `[H, W, C]`, C = 1 (gray), 3 (RGB) or 4 (RGBA), or uint16 `[H, W, 1]`.
        format: a key of `FORMATS`.
        facts: provenance: `seed`, `model` (name@digest), `resolution`, `software`.

    Raises:
        ValueError: not a picture, an unknown format, or a fact with an unusable name.

    """
    if format not in FORMATS:
        raise ValueError(f"format {format!r} is unknown: use {', '.join(FORMATS)}")
    return FORMATS[format].write(pixels, facts)
