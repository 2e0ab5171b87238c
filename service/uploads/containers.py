"""Outlines of image files: size, number of frames and last byte, read without decoding a pixel.

Owns the walk over the parts of PNG, JPEG, WebP and GIF files, and over the boxes of AVIF and MP4
files. Every step is bounded, since the files come from strangers. Knows no limits on pictures.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MOST_PARTS: Final = 2**17  # chunks, segments or blocks of a file; real ones have far fewer
PNG_PIXELS: Final = frozenset([b"IHDR", b"PLTE", b"IDAT", b"fdAT", b"fcTL", b"IEND"])
PNG_COMPRESSED: Final = frozenset([b"zTXt", b"iTXt", b"iCCP"])
# A marker in compressed data of a JPEG: neither a stuffed byte, nor a restart, nor padding.
JPEG_MARKER: Final = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
JPEG_SIZES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF markers
JPEG_ALONE: Final = frozenset([0x01, *range(0xD0, 0xD9)])  # markers without a length
JPEG_END, JPEG_SCAN, JPEG_APPLICATION = 0xD9, 0xDA, 0xE0
GIF_TRAILER, GIF_EXTENSION, GIF_IMAGE = 0x3B, 0x21, 0x2C


class BrokenOutline(Exception):
    """The parts of a file contradict each other; the message names the contradiction."""


class TooManyParts(Exception):
    """The file has more than `MOST_PARTS` parts."""


@dataclass(frozen=True)
class Outline:
    """Properties of a file, from its parts alone.

    Attributes:
        width, height: in pixels; 0 if only a decoder can read them.
        frames: number of pictures that are shown one after another.
        end: number of bytes up to the last part; what follows does not belong to the picture.
        metadata: bytes of all parts that hold no pixels.
        compressed: number of metadata parts that are compressed.
        scans: number of passes over the picture in a JPEG.
        animated: True if a PNG has pixels of further frames, which some viewers show instead.
    """

    width: int = 0
    height: int = 0
    frames: int = 1
    end: int = 0
    metadata: int = 0
    compressed: int = 0
    scans: int = 1
    animated: bool = False


def outline_of_png(content: bytes) -> Outline:
    """Read the chunks of a PNG or APNG file (W3C "PNG, Third Edition", section 5)."""
    if content[12:16] != b"IHDR":
        raise BrokenOutline("its first chunk is not IHDR")
    width, height = struct.unpack_from(">II", content, 16)
    place, frames, controls, metadata, compressed, animated = 8, 1, 0, 0, 0, False
    for _ in range(MOST_PARTS):
        length, kind = struct.unpack_from(">I4s", content, place)
        if place + 12 + length > len(content):
            raise BrokenOutline("it ends in the middle of a chunk")
        if kind == b"acTL":
            frames = max(frames, int.from_bytes(content[place + 8 : place + 12]))
        controls += kind == b"fcTL"
        animated |= kind == b"fdAT"
        if kind not in PNG_PIXELS:
            metadata += length
            compressed += kind in PNG_COMPRESSED
        place += 12 + length
        if kind == b"IEND":
            frames = max(frames, controls)
            return Outline(width, height, frames, place, metadata, compressed, animated=animated)
    raise TooManyParts


def outline_of_webp(content: bytes) -> Outline:
    """Read the chunks of a WebP file (RFC 9649, section 2)."""
    end = 8 + struct.unpack_from("<I", content, 4)[0]
    if end > len(content):
        raise BrokenOutline("it ends in the middle of a chunk")
    place, width, height, frames, metadata = 12, 0, 0, 0, 0
    for _ in range(MOST_PARTS):
        if place + 8 > end:
            break
        kind, length = struct.unpack_from("<4sI", content, place)
        if place + 8 + length > end:
            raise BrokenOutline("a chunk is longer than the file")
        if kind in (b"VP8X", b"VP8 ", b"VP8L") and not width:
            width, height = _webp_size(kind, content, place + 8)
        frames += kind == b"ANMF"
        if kind not in (b"VP8 ", b"VP8L", b"ALPH", b"ANMF"):
            metadata += length
        place += 8 + length + length % 2
    else:
        raise TooManyParts
    return Outline(width, height, max(frames, 1), end, metadata)


def _webp_size(kind: bytes, content: bytes, place: int) -> tuple[int, int]:
    if kind == b"VP8X":  # section 2.7: canvas width and height minus one, 24 bits each
        sides = (content[place + at : place + at + 3] for at in (4, 7))
        width, height = (int.from_bytes(side, "little") + 1 for side in sides)
        return width, height
    if kind == b"VP8L":  # RFC 9649, section 3.4: after the signature 14 bits each, minus one
        (bits,) = struct.unpack_from("<I", content, place + 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", content, place + 6)  # RFC 6386, section 9.1
    return width & 0x3FFF, height & 0x3FFF


def outline_of_gif(content: bytes) -> Outline:
    """Read the blocks of a GIF file (GIF89a specification, sections 17 to 27)."""
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    place, frames, metadata, parts = 13 + _palette_bytes(flags), 0, 0, 0
    while place < len(content) and (kind := content[place]) != GIF_TRAILER:
        if kind == GIF_EXTENSION:
            after, blocks = _after_blocks(content, place + 2)
            metadata += after - place
        elif kind == GIF_IMAGE:
            left, top, wide, high, flags = struct.unpack_from("<HHHHB", content, place + 1)
            width, height = max(width, left + wide), max(height, top + high)
            after, blocks = _after_blocks(content, place + 11 + _palette_bytes(flags))
            frames += 1
        else:
            raise BrokenOutline(f"a block begins with byte {kind}")
        place, parts = after, parts + blocks + 1
        if parts > MOST_PARTS:
            raise TooManyParts
    if not frames:
        raise BrokenOutline("it has no picture")
    return Outline(width, height, frames, min(place + 1, len(content)), metadata)


def _palette_bytes(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(content: bytes, place: int) -> tuple[int, int]:
    """Return the place after a chain of sub-blocks, and their number; an empty one ends it."""
    for blocks in range(MOST_PARTS):
        if not (length := content[place]):
            return place + 1, blocks
        place += 1 + length
    raise TooManyParts


def outline_of_jpeg(content: bytes) -> Outline:
    """Read the segments of a JPEG file (ITU T.81, annex B)."""
    width, height, metadata, scans = 0, 0, 0, 0
    end = len(content)  # many cameras and programs lose the last marker; the decoder judges
    for marker, place, length in _jpeg_segments(content):
        if marker in JPEG_SIZES:
            height, width = struct.unpack_from(">HH", content, place + 3)
        elif marker == JPEG_SCAN:
            scans += 1
        elif marker == JPEG_END:
            end = place
        elif marker >= JPEG_APPLICATION:
            metadata += length
    if not scans:
        raise BrokenOutline("it has no picture")
    return Outline(width, height, 1, end, metadata, scans=scans)


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, place after the marker, and length of each segment up to the end marker."""
    place = 2
    for _ in range(MOST_PARTS):
        if (found := JPEG_MARKER.search(content, place)) is None:
            return
        marker, place = found[1][0], found.end()
        if marker == JPEG_END:
            yield marker, place, 0
            return
        if marker not in JPEG_ALONE:
            (length,) = struct.unpack_from(">H", content, place)
            yield marker, place, length
            place += length
    raise TooManyParts


def outline_of_boxes(content: bytes) -> Outline:
    """Read the outer boxes of an AVIF or MP4 file (ISO 14496-12, section 4.2)."""
    place = 0
    for _ in range(MOST_PARTS):
        if place + 8 > len(content):
            break
        length, kind = struct.unpack_from(">I4s", content, place)
        if length == 1:
            (length,) = struct.unpack_from(">Q", content, place + 8)
        if not length:
            length = len(content) - place
        if length < 8 or not re.fullmatch(rb"[ -~]{4}", kind):
            break  # no box: what follows does not belong to the file
        if place + length > len(content):
            raise BrokenOutline("it ends in the middle of a box")
        place += length
    else:
        raise TooManyParts
    return Outline(end=place)
