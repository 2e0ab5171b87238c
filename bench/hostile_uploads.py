"""Hostile uploads, the same ones for the same seed, and what must become of each of them."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from PIL import Image

FAULTS: Final = frozenset([413, 415, 422])
WRITERS: Final = ("PNG", "JPEG", "WEBP", "GIF")
OTHERS: Final = ("BMP", "TIFF", "PPM", "ICO", "TGA", "PCX", "JPEG2000", "SGI", "DDS", "PDF")
PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class HostileUpload:
    """One upload.

    Attributes:
        kind: name of the function that made it.
        statuses: the allowed answers.
    """

    kind: str
    content: bytes
    statuses: frozenset[int]


def hostile_uploads(count: int, seed: int = 0) -> Iterator[HostileUpload]:
    """Yield `count` uploads; every kind comes equally often."""
    draw = random.Random(seed)
    for number in range(count):
        make = MAKERS[number % len(MAKERS)]
        content, statuses = make(draw)
        yield HostileUpload(make.__name__, content, frozenset(statuses))


Made = tuple[bytes, "frozenset[int] | set[int]"]


def picture(draw: random.Random, writer: str | None = None, side: int = 48) -> bytes:
    """A valid file with random content."""
    image = Image.frombytes("RGB", (side, side), draw.randbytes(3 * side * side))
    file = io.BytesIO()
    image.save(file, writer or draw.choice(WRITERS))
    return file.getvalue()


def animation(draw: random.Random) -> bytes:
    """A valid animation of four frames."""
    frames = [Image.frombytes("RGB", (24, 24), draw.randbytes(1728)) for _ in range(4)]
    file = io.BytesIO()
    writer = draw.choice(("PNG", "WEBP", "GIF"))
    frames[0].save(file, writer, save_all=True, append_images=frames[1:], duration=40)
    return file.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(width: int, height: int, *more: bytes, data: bytes = b"") -> bytes:
    """A PNG file of any size with further chunks."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = png_chunk(b"IDAT", data or zlib.compress(bytes(height * (3 * width + 1))))
    return b"".join([PNG_SIGNATURE, header, *more, pixels, png_chunk(b"IEND", b"")])


# ----------------------------------------------------------------------------------------
# Kinds of hostile uploads


def mutated(draw: random.Random) -> Made:
    """Some bytes of a valid file are replaced, deleted or repeated."""
    content = bytearray(draw.choice((picture, animation))(draw))
    for _ in range(draw.randint(1, 40)):
        place = draw.randrange(len(content))
        match draw.randrange(3):
            case 0:
                content[place] = draw.randrange(256)
            case 1:
                del content[place : place + draw.randint(1, 9)]
            case _:
                content[place:place] = content[place : place + draw.randint(1, 99)]
        if len(content) < 64:
            break
    return bytes(content), FAULTS | {200}


def truncated(draw: random.Random) -> Made:
    """A valid file without its end."""
    content = picture(draw)
    return content[: draw.randrange(1, len(content) - 16)], {415, 422}


def wrong_type(draw: random.Random) -> Made:
    """A valid file in a format that Pillow can open and the service does not read."""
    writer = draw.choice(OTHERS)
    return picture(draw, writer), {415}


def no_picture(draw: random.Random) -> Made:
    """Text, markup, archives, programs, random bytes."""
    starts = (
        b"<svg xmlns=",
        b"GIF88a",
        b"%!PS-Adobe",
        b"PK\x03\x04",
        b"\x7fELF",
        b"{",
        b"RIFF",
        b"",
    )
    return draw.choice(starts) + draw.randbytes(draw.randint(1, 4096)), {415, 422}


def huge_dimensions(draw: random.Random) -> Made:
    """A small file that announces more pixels than fit into memory."""
    side = draw.choice((20_000, 65_535, 2**31 - 1))
    small = zlib.compress(bytes(1000))
    jpeg = bytearray(picture(draw, "JPEG"))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = b"\xff\xdc\xff\xdc"
    gif = bytearray(picture(draw, "GIF"))
    gif[6:10] = b"\xff\xff\xff\xff"
    webp = b"WEBPVP8X" + struct.pack("<II", 10, 0) + b"\xff\xff\xff" * 2
    riff = b"RIFF" + struct.pack("<I", len(webp)) + webp
    return draw.choice((png_with(side, side, data=small), bytes(jpeg), bytes(gif), riff)), {413}


def deflate_bomb(draw: random.Random) -> Made:
    """Compressed data that grow a thousandfold, in place of pixels, texts or a profile."""
    bomb = zlib.compress(bytes(2**26), 9)
    match draw.randrange(4):
        case 0:
            return png_with(4, 4, data=bomb), {200, 422}  # only the pixels of the header are read
        case 1:
            return png_with(4, 4, png_chunk(b"zTXt", b"Comment\0\0" + bomb)), {200, 413, 422}
        case 2:
            return png_with(4, 4, png_chunk(b"iCCP", b"profile\0\0" + bomb)), {200, 413, 422}
        case _:
            texts = [png_chunk(b"zTXt", b"T%d\0\0" % n + bomb) for n in range(60)]
            return png_with(4, 4, *texts), {413}


def large_metadata(draw: random.Random) -> Made:
    """Megabytes of text or a colour profile."""
    data = bytes(5 * 2**20)
    kind, head = draw.choice(((b"tEXt", b"Comment\0"), (b"iCCP", b"p\0\0"), (b"eXIf", b"MM\0*")))
    return png_with(4, 4, png_chunk(kind, head + data)), {413}


def many_frames(draw: random.Random) -> Made:
    """Thousands of frames, or a few large ones in a small file."""
    match draw.randrange(3):
        case 0:
            control = png_chunk(b"acTL", struct.pack(">II", draw.choice((5000, 2**31 - 1)), 0))
            return png_with(64, 64, control), {413}
        case 1:
            frame = b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0"
            return b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff" + frame * 3000 + b";", {413}
        case _:
            extended = struct.pack("<I", 2) + b"\x0f\0\0" * 2
            frames = b"".join(b"ANMF" + struct.pack("<I", 16) + bytes(16) for _ in range(2000))
            chunks = b"WEBPVP8X" + struct.pack("<I", 10) + extended + frames
            return b"RIFF" + struct.pack("<I", len(chunks)) + chunks, {413}


def many_parts(draw: random.Random) -> Made:
    """Hundreds of thousands of empty chunks or blocks."""
    if draw.random() < 0.5:
        return png_with(4, 4, png_chunk(b"teSt", b"") * 200_000), {413}
    return b"GIF89a\x01\0\x01\0\0\0\0" + b"!\xfe" + b"\x01x" * 300_000 + b"\0;", {413, 422}


def many_scans(draw: random.Random) -> Made:
    """A progressive JPEG that passes over its pixels again and again."""
    file = io.BytesIO()
    side = 2048
    Image.new("RGB", (side, side)).save(file, "JPEG", progressive=True)
    content = file.getvalue()
    start = content.rindex(b"\xff\xda")
    scan = content[start:-2]
    return content[:start] + scan * draw.randint(200, 400) + b"\xff\xd9", {413}


def polyglot(draw: random.Random) -> Made:
    """A valid picture that is followed by another file."""
    more = draw.choice((b"PK\x05\x06" + bytes(18), b"<script>alert(1)</script>", picture(draw)))
    return picture(draw) + more, {200}


def hostile_texts(draw: random.Random) -> Made:
    """A valid picture whose metadata name seeds, models and entities that do not exist."""
    xmp = (
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        b'<x xmlns:progan="urn:progan:facts#" progan:seed="1" progan:model="&b;">&b;</x>'
    )
    packet = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
    seed = draw.choice((b"9" * 5000, b"-1", b"1e9", b"../../etc/passwd", b"\xff\xfe"))
    texts = [png_chunk(b"tEXt", b"seed\0" + seed), png_chunk(b"tEXt", b"model\0x@" + b"f" * 64)]
    return png_with(4, 4, packet, *texts, png_chunk(b"tEXt", b"resolution\0NaN")), {200}


MAKERS: Final[tuple[Callable[[random.Random], Made], ...]] = (
    mutated,
    truncated,
    mutated,
    wrong_type,
    no_picture,
    huge_dimensions,
    mutated,
    deflate_bomb,
    large_metadata,
    truncated,
    many_frames,
    many_parts,
    many_scans,
    polyglot,
    hostile_texts,
)
