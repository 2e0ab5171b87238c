"""Replacement of the manifest store in a signed file by another one of the same length.

Owns what each container puts around a store: checksums and block lengths. Knows no manifest.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

PNG_CHUNK: Final = b"caBX"
GIF_BLOCK: Final = 255  # bytes of a sub-block after its length
JPEG_SEGMENT: Final = b"\xff\xeb"  # APP11
JPEG_HEADER: Final = 12  # bytes before the store: marker, length, "JP", number of box, of segment
JPEG_SEARCHED: Final = 1024  # bytes of the store that surely are in its first segment
JPEG_REPEATED: Final = 8  # bytes of the store's first box that each further segment repeats


class StoreNotFound(ValueError):
    """The file does not contain the store in one of the known ways."""


def replace_store(content: bytes, container: str, old: bytes, new: bytes) -> bytes:
    """Return the file with the store `new` in place of `old`, which has the same length.

    Args:
        container: media type of the container.

    Raises:
        StoreNotFound: `old` is not in the file exactly once.
    """
    pieces = _pieces(content, container, old)
    at, parts, taken = 0, list[bytes](), 0
    for start, length in pieces:
        parts += [content[at:start], new[taken : taken + length]]
        at, taken = start + length, taken + length
    changed = b"".join([*parts, content[at:]])
    if container == "image/png":
        return _with_checksum(changed, pieces[0][0], len(new))
    return changed


def _pieces(content: bytes, container: str, store: bytes) -> list[tuple[int, int]]:
    """Return start and length of each piece of a store in the file, in order."""
    if container == "image/gif":
        pieces = _sub_blocks(content, store)
    elif container == "image/jpeg":
        pieces = [*_segments(content, store)]
    else:
        pieces = [(content.find(store), len(store))]
    found = b"".join(content[start : start + length] for start, length in pieces)
    if found != store:
        raise StoreNotFound(f"the file of type {container} does not contain its own manifest")
    return pieces


def _sub_blocks(content: bytes, store: bytes) -> list[tuple[int, int]]:
    """Return the pieces in a GIF: blocks of up to 255 bytes after a byte with their length."""
    lengths = [len(store[k : k + GIF_BLOCK]) for k in range(0, len(store), GIF_BLOCK)]
    whole = b"".join(
        bytes([length]) + store[GIF_BLOCK * k : GIF_BLOCK * k + length]
        for k, length in enumerate(lengths)
    )
    start = content.find(whole)
    return [(start + 1 + (GIF_BLOCK + 1) * k, length) for k, length in enumerate(lengths)]


def _segments(content: bytes, store: bytes) -> Iterator[tuple[int, int]]:
    """Yield the pieces in a JPEG: segments, of which all but the first repeat a box header."""
    start = content.find(store[:JPEG_SEARCHED])
    segment, rest = start - JPEG_HEADER, len(store)
    while segment >= 0 and content[segment : segment + 2] == JPEG_SEGMENT:
        (length,) = struct.unpack_from(">H", content, segment + 2)
        end = segment + 2 + length
        yield start, min(end - start, rest)
        rest -= end - start
        if rest <= 0:
            return
        segment, start = end, end + JPEG_HEADER + JPEG_REPEATED


def _with_checksum(content: bytes, start: int, length: int) -> bytes:
    """Return a PNG with the checksum of the chunk whose data begin at `start`."""
    end = start + length
    checksum = zlib.crc32(content[start - len(PNG_CHUNK) : end])
    return content[:end] + struct.pack(">I", checksum) + content[end + 4 :]
