"""Repair of damaged files whose pixels are all present.

Owns two repairs: completing the end of JPEG and WebP files, and removing metadata from these, PNG,
TIFF and AVIF. Knows no decoder.

**Are all pixels present?** The missing end of a JPEG or WebP is filled with several byte patterns.
If all versions decode to the same picture, no missing byte belonged to a pixel. In a progressive
JPEG the final scan of every coefficient must also have begun.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image

END_MISSING = "end of the file missing, all pixels there"
METADATA_LEFT_OUT = "damaged metadata left out"
FILLINGS = (b"\x00", b"\x55", b"\xaa")
FILLED = 4096  # bytes appended to a JPEG; more than any block needs
MAX_FILLED = 65536  # bytes; if a WebP lacks more, they are not filled
JPEG_HEAD, JPEG_END, PNG_HEAD = b"\xff\xd8", b"\xff\xd9", b"\x89PNG\r\n\x1a\n"
PNG_END = b"\x00\x00\x00\x00IEND\xae\x42\x60\x82"
JPEG_PLAIN = {0xE0, 0xEE}  # JFIF and Adobe segments define the colours; other segments are removed
TIFF_HEADS = {b"II*\0", b"MM\0*"}
TIFF_METADATA = {700, 33723, 34377, 34665, 34675, 34853, 37500, 37510, 37724, 40965}
TIFF_UNUSED = 65000  # private tags begin at 32768
AVIF_HEAD = 4096  # bytes that contain the item types
WEBP_PIXELS = {b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"}  # codespell:ignore alph
WEBP_METADATA_FLAGS = 0x20 | 0x08 | 0x04  # VP8X: a profile, EXIF, XMP


def cut_short(file: Path | bytes) -> bool:
    """True if a PNG lacks its end, which Pillow does not report."""
    if isinstance(file, Path):
        with file.open("rb") as opened:
            head = opened.read(len(PNG_HEAD))
            if head != PNG_HEAD:
                return False
            opened.seek(max(0, file.stat().st_size - MAX_FILLED))
            return PNG_END not in opened.read()
    return file.startswith(PNG_HEAD) and PNG_END not in file[-MAX_FILLED:]


def repaired(data: bytes) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    """Repairs of a damaged file, least invasive first; none if its structure cannot be read.

    Yields:
        A note on the repair, and one or several versions of the repaired file; several are valid
        only if all of them decode to the same pixels.
    """
    try:
        if data.startswith(JPEG_HEAD):
            yield from jpeg_repairs(data)
        elif data.startswith(PNG_HEAD):
            for spared in ({b"tRNS", b"iCCP", b"eXIf"}, {b"tRNS"}, set[bytes]()):
                yield METADATA_LEFT_OUT, (bare_png(data, spared),)
        elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            yield END_MISSING, completed_webp(data)
            bare = bare_webp(data)
            yield METADATA_LEFT_OUT, (bare,)
            yield METADATA_LEFT_OUT, completed_webp(bare)
        elif data[:4] in TIFF_HEADS:
            yield METADATA_LEFT_OUT, (bare_tiff(data),)
        elif data[4:11] == b"ftypavi":
            yield METADATA_LEFT_OUT, (bare_avif(data),)
    except (IndexError, ValueError, struct.error):
        return


def jpeg_repairs(data: bytes) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    """Repairs of a JPEG; see `repaired`."""
    bare = bare_jpeg(data)
    has_all = has_all_scans(bare)
    if has_all:
        yield END_MISSING, completed_jpeg(data)
    yield METADATA_LEFT_OUT, (bare,)
    if has_all:
        yield METADATA_LEFT_OUT, completed_jpeg(bare)


def same_pixels(images: Iterable[Image.Image]) -> bool:
    """True if all pictures, at least one, decode to the same pixels."""
    digests = set[bytes]()
    for image in images:
        with image:
            digests.add(hashlib.sha256(image.tobytes()).digest())
    return len(digests) == 1


def completed_jpeg(data: bytes) -> tuple[bytes, ...]:
    """Three versions of the file, each with another filling and the end marker."""
    body = data.removesuffix(JPEG_END).rstrip(b"\xff")
    return tuple(body + filling * FILLED + JPEG_END for filling in FILLINGS)


def bare_jpeg(data: bytes) -> bytes:
    """The file without application segments and comments, as far as its structure can be read."""
    kept, place = [data[:2]], 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:  # padding
            place += 1
            continue
        if marker == 0xDA:  # the pixels begin
            break
        end = place + 2 + struct.unpack_from(">H", data, place + 2)[0]
        if marker in JPEG_PLAIN or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            kept.append(data[place:end])
        place = end
    return b"".join(kept) + data[place:]


def has_all_scans(data: bytes) -> bool:
    """True if a bare JPEG begins a final scan for every coefficient of every component.

    ITU-T T.81, G.1.1.1.2: each scan refines a coefficient by lower bits, down to bit 0.
    """
    refined, components, progressive = dict[tuple[int, int], int](), list[int](), False
    for marker, body in segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # a frame
            progressive = marker in (0xC2, 0xC6, 0xCA, 0xCE)
            components = list(body[6::3])
        elif marker == 0xDA and len(body) >= 6:
            first, last, bits = body[-3:]
            for component in body[1 : 1 + 2 * body[0] : 2]:
                for number in range(first, last + 1):
                    refined[component, number] = bits & 15
    every = ((component, number) for component in components for number in range(64))
    return not progressive or all(refined.get(each, 1) == 0 for each in every)


def segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The markers of a JPEG with the data after their lengths, across its scans."""
    for found in re.finditer(
        rb"\xff([\x01-\xcf\xda-\xfe])", data
    ):  # neither byte stuffing nor a restart marker
        place = found.end()
        if place + 2 <= len(data):
            length = struct.unpack_from(">H", data, place)[0]
            yield found[1][0], data[place + 2 : place + length]


def bare_png(data: bytes, spared: set[bytes]) -> bytes:
    """The file with only its critical chunks, and intact ones of the types in `spared`."""
    kept, place = [PNG_HEAD], len(PNG_HEAD)
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        chunk = data[place : place + 12 + length]
        place += 12 + length
        whole = len(chunk) == 12 + length
        sound = whole and zlib.crc32(chunk[4:-4]) == struct.unpack(">I", chunk[-4:])[0]
        if kind != b"IEND" and (kind[:1].isupper() or (kind in spared and sound)):
            kept.append(chunk)
            if not whole:
                return b"".join(kept)
    return b"".join((*kept, PNG_END))


def bare_tiff(data: bytes) -> bytes:
    """The file without metadata tags in its first directory: they get unused private numbers."""
    order = "<" if data[:2] == b"II" else ">"
    bare = bytearray(data)
    place = struct.unpack_from(f"{order}I", data, 4)[0]
    count = struct.unpack_from(f"{order}H", data, place)[0]
    for number in range(count):
        entry = place + 2 + 12 * number
        if struct.unpack_from(f"{order}H", data, entry)[0] in TIFF_METADATA:
            struct.pack_into(f"{order}H", bare, entry, TIFF_UNUSED + number)
    return bytes(bare)


def bare_avif(data: bytes) -> bytes:
    """The file with its metadata items renamed to a type that decoders ignore."""
    head, rest = data[:AVIF_HEAD], data[AVIF_HEAD:]
    return head.replace(b"Exif", b"none").replace(b"mime", b"none") + rest


def completed_webp(data: bytes) -> tuple[bytes, ...]:
    """Three versions of the file, filled to its stated length; the same file if complete."""
    missing = struct.unpack_from("<I", data, 4)[0] + 8 - len(data)
    if not 0 < missing <= MAX_FILLED:
        return (data,)
    return tuple(data + filling * missing for filling in FILLINGS)


def bare_webp(data: bytes) -> bytes:
    """The file with only the chunks of its pixels."""
    kept, place = [b"WEBP"], 12
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        chunk = data[place : place + 8 + length + length % 2]
        place += 8 + length + length % 2
        if kind == b"VP8X" and len(chunk) > 8:
            chunk = chunk[:8] + bytes([chunk[8] & ~WEBP_METADATA_FLAGS]) + chunk[9:]
        if kind in WEBP_PIXELS or kind == b"VP8X":
            kept.append(chunk)
            length_missing = 8 + length + length % 2 - len(chunk)
            if length_missing > 0:  # the size includes the missing bytes
                size = sum(map(len, kept)) + length_missing
                return b"RIFF" + struct.pack("<I", size) + b"".join(kept)
    return b"RIFF" + struct.pack("<I", sum(map(len, kept))) + b"".join(kept)
