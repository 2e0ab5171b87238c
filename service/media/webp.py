"""WebP files, still and animated, always lossless.

Owns the settings of Pillow's encoder and the container of an animation (RFC 9649). Pillow's own
`save_all` needs 50 % more time for the same bytes, holds all frames in memory and merges equal
ones, so each frame is encoded separately and the container is written here. Knows no other format.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from typing import Final

from PIL import Image

from models.picture import Bytes, Pixels, as_shown, checked_in_eight_bits
from service.media.provenance import Facts, exif_block, xmp_packet

# Files of method 1 are a quarter smaller than those of method 0, for flat drawings more than half,
# and it is three times faster than the default. In lossless mode `quality` means effort. `exact`
# keeps the colours of transparent pixels.
METHOD: Final = 1
EFFORT: Final = 0

# RFC 9649, section 2.7.1: flags of the extended header.
HAS_ALPHA, HAS_EXIF, HAS_XMP, HAS_ANIMATION = 0x10, 0x08, 0x04, 0x02
EXIF_HEADER: Final = b"Exif\0\0"  # as in JPEG; in WebP the chunk begins with the TIFF header
KEEP_NOTHING_BENEATH: Final = 0x02  # section 2.7.1.1: the frame replaces, without blending


def write_webp(pixels: Pixels, facts: Facts) -> bytes:
    """Encode one picture `[H, W, C]` as lossless WebP; gray becomes RGB, since WebP has no gray."""
    return _still(checked_in_eight_bits(pixels), exif=exif_block(facts), xmp=xmp_packet(facts))


def write_animated_webp(frames: Iterable[Pixels], fps: int, loop: bool, facts: Facts) -> bytes:
    """Encode pictures of one shape as an animated WebP; a repeated frame is kept.

    Args:
        frames: at least one; each is `[H, W, C]`.
        fps: frames per second; durations are whole milliseconds whose sum has the right length.
        loop: play forever, or once.
        facts: written once for the file.

    """
    height = width = channels = 0
    body: list[bytes] = []
    for number, frame in enumerate(frames):
        height, width, channels = frame.shape
        start, end = (round(k * 1000 / fps) for k in (number, number + 1))
        # Section 2.7.1.1: offset, size minus one, duration, flags, then the chunk of the picture.
        numbers = (0, 0, width - 1, height - 1, end - start)
        control = b"".join(_u24(n) for n in numbers) + bytes([KEEP_NOTHING_BENEATH])
        body.append(_chunk(b"ANMF", control + _picture_chunk(_still(checked_in_eight_bits(frame)))))
    flags = HAS_ANIMATION | HAS_EXIF | HAS_XMP | (HAS_ALPHA if channels == 4 else 0)
    extended = struct.pack("<I", flags) + _u24(width - 1) + _u24(height - 1)
    animation = struct.pack("<IH", 0, 0 if loop else 1)  # a transparent canvas
    chunks = [_chunk(b"VP8X", extended), _chunk(b"ANIM", animation), *body]
    exif = exif_block(facts).removeprefix(EXIF_HEADER)
    chunks += [_chunk(b"EXIF", exif), _chunk(b"XMP ", xmp_packet(facts))]
    return _chunk(b"RIFF", b"WEBP" + b"".join(chunks))


def _still(pixels: Bytes, **metadata: bytes) -> bytes:
    file = io.BytesIO()
    picture = Image.fromarray(as_shown(pixels))
    settings = {"lossless": True, "exact": True, "method": METHOD, "quality": EFFORT}
    picture.save(file, "WEBP", **settings, **metadata)
    return file.getvalue()


def _u24(number: int) -> bytes:
    return number.to_bytes(3, "little")


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk (section 2.3): type, length, data, padded to an even length."""
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _picture_chunk(file: bytes) -> bytes:
    """Extract the chunk of the lossless picture from a still WebP file."""
    return next(_chunk(kind, data) for kind, data in _chunks_of(file) if kind == b"VP8L")


def _chunks_of(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and data of each chunk after the file header."""
    place = 12
    while place < len(file):
        kind, length = struct.unpack_from("<4sI", file, place)
        yield kind, file[place + 8 : place + 8 + length]
        place += 8 + length + length % 2
