"""A decoder gives the pixels that were encoded, upright, and no exception of its own."""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bench.hostile_uploads import HostileUpload, hostile_uploads
from models.picture import Pixels, in_colour
from service.errors import RequestError
from service.media.animation import MOVING_FORMATS
from service.media.encoding import FORMATS
from service.media.png import write_apng
from service.uploads.decoding import decode, frames_at, open_upload
from service.uploads.errors import PictureDamaged, PictureTooLarge
from tests.service.pictures import FACTS, painted, walk

MANY = 2**22


def read(content: bytes) -> Pixels:
    """The pixels of an upload."""
    return decode(open_upload(content, MANY)).pixels


def saved(image: Image.Image, writer: str, **settings: object) -> bytes:
    """A file by Pillow."""
    file = io.BytesIO()
    image.save(file, writer, **settings)
    return file.getvalue()


@pytest.mark.parametrize("name", ["png", "webp"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_files_of_this_service_give_the_pixels_that_were_encoded(name: str, channels: int) -> None:
    """WebP has no gray: there it comes back as equal channels."""
    pixels = painted(33, channels)
    seen = read(FORMATS[name].write(pixels, FACTS))

    assert np.array_equal(seen, in_colour(pixels) if name == "webp" else pixels)


def test_metadata_come_back_as_they_were_written() -> None:
    """From text chunks, XMP, the image description of EXIF, and the comment of a GIF."""
    files = {name: each.write(painted(8), FACTS) for name, each in FORMATS.items()}
    seen = {name: decode(open_upload(file, MANY)).metadata for name, file in files.items()}
    gif = decode(open_upload(MOVING_FORMATS["gif"].write(walk(8), 24, True, FACTS), MANY)).metadata

    assert {"seed": FACTS["seed"], "model": FACTS["model"]}.items() <= seen["png"].texts.items()
    assert all(b"progan:seed" in each.xmp for each in seen.values())
    assert seen["jpeg"].description == seen["webp"].description == gif.comment
    assert gif.comment.startswith(f"model={FACTS['model']}; resolution=32")


@pytest.mark.parametrize("name", ["webp", "png", "gif"])
def test_frames_of_an_animation_come_one_by_one(name: str) -> None:
    """In any selection; GIF is exact for gray."""
    frames = walk(16, channels=1)
    upload = open_upload(MOVING_FORMATS[name].write(frames, 24, True, FACTS), MANY)
    seen = [in_colour(frame)[..., :3] for frame in frames_at(upload, [0, 2, 4])]

    assert decode(upload).frames == 5
    for frame, wanted in zip(seen, (frames[0], frames[2], frames[4]), strict=True):
        assert np.array_equal(frame, in_colour(wanted))


def test_a_photograph_is_turned_upright() -> None:
    """As its camera says; our own files never demand it."""
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the picture is on the right
    pixels = painted(16)[:8]
    seen = decode(open_upload(saved(Image.fromarray(pixels), "PNG", exif=exif), MANY))

    assert seen.turned
    assert np.array_equal(seen.pixels, np.rot90(pixels, -1))
    assert not decode(open_upload(FORMATS["jpeg"].write(pixels, FACTS), MANY)).turned


@pytest.mark.parametrize(
    ("kind", "content"),
    [(2, b"not a number"), (12, struct.pack("<d", math.nan)), (5, bytes(8)), (9, b"\xff" * 4)],
)  # ASCII, double, fraction, signed
def test_an_odd_value_beside_it_does_not_spoil_the_orientation(kind: int, content: bytes) -> None:
    """Only the orientation is read, so no other tag has to be written again."""
    pixels = painted(16)[:8]
    file = saved(Image.fromarray(pixels), "PNG", exif=_exif_block(kind, content))
    seen = decode(open_upload(file, MANY))

    assert seen.turned
    assert np.array_equal(seen.pixels, np.rot90(pixels, -1))


def _exif_block(kind: int, content: bytes) -> bytes:
    """EXIF with an image width of this type and content, and the orientation 6."""
    count = len(content) if kind == 2 else 1
    far = len(content) > 4  # then it stands after the directory of 2 + 2 * 12 + 4 bytes
    place = struct.pack("<I", 8 + 30) if far else content.ljust(4, b"\0")
    first = struct.pack("<HHI", 0x0100, kind, count) + place
    second = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    entries = struct.pack("<H", 2) + first + second + bytes(4)
    return b"Exif\0\0II" + struct.pack("<HI", 42, 8) + entries + content * far


@pytest.mark.parametrize("writer", ["PNG", "JPEG", "WEBP"])
def test_an_orientation_in_xmp_turns_nothing(writer: str) -> None:
    """Only EXIF has a say; Pillow takes XMP where EXIF has none."""
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="6"/></x:xmpmeta>'
    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", packet.decode())
    settings = {"pnginfo": texts} if writer == "PNG" else {"xmp": packet}
    seen = decode(open_upload(saved(Image.new("RGB", (40, 20)), writer, **settings), MANY))

    assert seen.pixels.shape == (20, 40, 3)
    assert not seen.turned
    assert b"Orientation" in seen.metadata.xmp


@pytest.mark.parametrize(
    ("bits", "colour_type", "pixels", "key"),
    [
        (16, 0, [0x12FF, 0x1300], [0x12FF]),
        (16, 2, [0x12FF, 0x3456, 0x7890, 0x2200, 0x3300, 0x4400], [0x12FF, 0x3456, 0x7890]),
        (2, 0, [1, 2], [1]),
        (4, 0, [7, 8], [7]),
        (8, 0, [7, 8], [7]),
        (1, 0, [1, 0], [1]),
    ],
)
def test_one_transparent_colour_is_seen_at_any_depth(
    bits: int, colour_type: int, pixels: list[int], key: list[int]
) -> None:
    """The tRNS chunk of a PNG names it in the bits of the file: here the first of two pixels."""
    packed = sum(value << (bits * (len(pixels) - 1 - n)) for n, value in enumerate(pixels))
    bytes_of_row = -(-bits * len(pixels) // 8)
    row = (packed << (8 * bytes_of_row - bits * len(pixels))).to_bytes(bytes_of_row, "big")
    file = b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, bits, colour_type, 0, 0, 0)),
            chunk(b"tRNS", struct.pack(f">{len(key)}H", *key)),
            chunk(b"IDAT", zlib.compress(b"\0" + row)),
            chunk(b"IEND", b""),
        )
    )

    seen = read(file)

    assert seen.shape == (1, 2, 4)
    assert seen[0, :, 3].tolist() == [0, 255]


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    end = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + end


@pytest.mark.parametrize(
    ("mode", "channels"),
    [("1", 1), ("L", 1), ("LA", 4), ("P", 3), ("RGB", 3), ("RGBA", 4), ("CMYK", 3), ("I;16", 1)],
)
def test_every_mode_becomes_gray_colour_or_colour_with_alpha(mode: str, channels: int) -> None:
    """Eight bits for each channel, and sixteen of gray that has them."""
    image = Image.new(mode, (5, 3))
    writer = "JPEG" if mode == "CMYK" else "PNG"

    seen = read(saved(image, writer))
    assert (seen.shape, seen.dtype) == ((3, 5, channels), "uint16" if "16" in mode else "uint8")


def test_sixteen_bits_of_gray_are_kept() -> None:
    """Of a file of this service, each frame of an animation, and another one's turned upright."""
    frames = [np.random.default_rng(n).integers(0, 65536, (8, 6, 1), np.uint16) for n in range(3)]
    moving = open_upload(MOVING_FORMATS["png"].write(frames, 24, True, FACTS), MANY)
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the picture is on the right
    turned = saved(Image.fromarray(frames[0][..., 0]), "PNG", exif=exif)

    assert np.array_equal(read(FORMATS["png"].write(frames[0], FACTS)), frames[0])
    assert np.array_equal([*frames_at(moving, [0, 1, 2])], frames)
    assert np.array_equal(read(turned), np.rot90(frames[0], -1))


def test_transparency_of_a_palette_is_kept() -> None:
    """As the fourth channel."""
    image = Image.new("P", (4, 4))
    seen = read(saved(image, "PNG", transparency=0))

    assert seen.shape == (4, 4, 4)
    assert not seen[..., 3].any()


def test_what_follows_a_picture_is_counted_and_not_read() -> None:
    """A picture may be an archive as well."""
    file = FORMATS["png"].write(painted(8), FACTS)
    upload = open_upload(file + b"PK\x05\x06" + bytes(18), MANY)

    assert upload.trailing_bytes == 22
    assert np.array_equal(decode(upload).pixels, painted(8))


def test_the_size_that_only_a_decoder_knows_is_checked_before_it_decodes() -> None:
    """AVIF keeps it in a box of a box of a box."""
    file = saved(Image.new("RGB", (64, 65)), "AVIF")

    assert decode(open_upload(file, 64 * 65)).pixels.shape == (65, 64, 3)
    with pytest.raises(PictureTooLarge, match="64 x 65 pixels"):
        decode(open_upload(file, 64 * 65 - 1))


def test_faults_of_a_file_are_said_as_such() -> None:
    """With the words of the decoder."""
    file = FORMATS["jpeg"].write(painted(64), FACTS)

    with pytest.raises(PictureDamaged, match="the jpeg file cannot be decoded: it ends before"):
        read(file[:-40])


def test_a_broken_header_is_said_without_an_address_in_memory() -> None:
    """The decoder's own message has one, of no use to anyone but an attacker."""
    file = FORMATS["png"].write(painted(8), FACTS)

    with pytest.raises(PictureDamaged, match="has a damaged header$"):
        read(file[:29] + bytes(4) + file[33:])


@pytest.mark.parametrize("copies", [0, 1, 2])
def test_a_picture_does_not_hide_an_animation(copies: int) -> None:
    """With two `acTL` chunks browsers show the animation, and the decoder the picture below it."""
    film = write_apng(walk(8), 24, True, FACTS)
    control = film[(at := film.index(b"acTL") - 4) : at + 20]
    first = film[(at := film.index(b"fcTL") - 4) : at + 38]
    file = film.replace(first, b"", 1).replace(control, control * copies, 1)

    if copies == 1:
        assert decode(open_upload(file, MANY)).frames > 1
    else:
        with pytest.raises(PictureDamaged, match="chunks of its animation do not fit|Invalid APNG"):
            read(file)


def test_hostile_files_give_pixels_or_an_error_of_the_client() -> None:
    """And each exactly what its kind allows."""
    wrong: list[tuple[str, int]] = []
    for upload in hostile_uploads(90, seed=1):
        status = _status_of(upload)
        if status not in upload.statuses:
            wrong.append((upload.kind, status))

    assert wrong == []


def _status_of(upload: HostileUpload) -> int:
    try:
        opened = open_upload(upload.content, MANY)
        picture = decode(opened)
        frames: Sequence[Pixels] = list(frames_at(opened, range(picture.frames)))
    except RequestError as error:
        return error.status
    assert frames
    return 200
