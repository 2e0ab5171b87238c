"""Damaged files whose pixels are all there, and others."""

import random
import struct
import zlib
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.training.data.picture_files import DISPLAY_P3 as P3
from tests.training.data.picture_files import LONG, SHORT, encode, rgb_profile, tiff
from training.data.colour import CONVERTED
from training.data.decode import Decoded, FileDecoder
from training.data.repair import END_MISSING, METADATA_LEFT_OUT
from training.data.shape import Shape

RANDOM = np.random.default_rng(0)
RAMP = np.add.outer(np.arange(32) * 3, np.arange(32) * 2)[..., None] * np.array([1, 0.7, 0.5])
PIXELS = (RAMP + RANDOM.integers(0, 20, (32, 32, 3))).clip(0, 255).astype(np.uint8)
PICTURE = Image.fromarray(PIXELS)


def decode(data: bytes) -> Decoded:
    """A file at its own size."""
    return FileDecoder(Shape(32, 3))(data, nullcontext())


def metadata() -> bytes:
    """EXIF of a camera, the picture held sideways."""
    exif = Image.Exif()
    exif[274], exif[271] = 6, "Maker" * 20
    exif.get_ifd(34665)[37500] = b"x" * 300
    exif.get_ifd(34853)[2] = (1.0, 2.0, 3.0)
    return exif.tobytes()


def chunk(kind: bytes, data: bytes, checksum: int | None = None) -> bytes:
    """A chunk of a PNG."""
    true = zlib.crc32(kind + data)
    head = struct.pack(">I", len(data)) + kind + data
    return head + struct.pack(">I", true if checksum is None else checksum)


KINDS: list[tuple[str, dict[str, Any], int]] = [
    ("JPEG", {}, 2),
    ("JPEG", {"progressive": True}, 2),
    ("JPEG", {"exif": metadata(), "icc_profile": rgb_profile(P3, 2.2)}, 2),
    ("MPO", {"quality": 95}, 2),
    ("PNG", {}, 20),
    ("PNG", {"icc_profile": rgb_profile(P3, 2.2)}, 20),
    ("WEBP", {"exif": metadata()}, 8),
    ("WEBP", {"exif": metadata(), "lossless": True}, 8),
]


NAMES = ["jpeg", "progressive", "camera", "mpo", "png", "png-profile", "webp", "webp-lossless"]


@pytest.mark.parametrize(("kind", "options", "spare"), KINDS, ids=NAMES)
def test_a_file_that_lacks_its_end_is_kept_if_all_pixels_are_there(
    kind: str, options: dict[str, Any], spare: int
) -> None:
    """The same pixels as of the whole file, upright and in sRGB, and counted."""
    data = encode(PICTURE, kind, **options)
    whole = decode(data)
    assert END_MISSING not in whole.notes
    for missing in {1, 2, spare}:
        found = decode(data[:-missing])

        np.testing.assert_array_equal(found.pixels, whole.pixels)
        assert found.notes == (END_MISSING, *whole.notes)


@pytest.mark.parametrize(("kind", "options"), [kind[:2] for kind in KINDS[:6]], ids=NAMES[:6])
def test_a_file_that_lacks_pixels_is_refused(kind: str, options: dict[str, Any]) -> None:
    """However little is missing: a block of gray is no part of any picture."""
    data = encode(PICTURE, kind, **options)
    begin = encode(Image.new("RGB", (32, 32)), kind, **options)
    for missing in (25, 40, 60, 100, (len(data) - len(begin)) // 2):
        with pytest.raises(OSError, match="truncated|cannot|broken"):
            decode(data[:-missing])


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize(
    "odd",
    [
        chunk(b"tEXt", b"a\0b", checksum=1),
        chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**21))),
        chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(2**21))),
        chunk(b"iCCP", b"a\0\0not packed"),
        chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x05\1"),
        chunk(b"gAMA", b""),
        chunk(b"cHRM", b"abc"),
        chunk(b"pHYs", b"a"),
        chunk(b"sRGB", b""),
        chunk(b"tRNS", b"a"),
        chunk(b"fcTL", b"a"),
    ],
    ids=[
        "text",
        "packed",
        "profile",
        "empty",
        "exif",
        "gAMA",
        "cHRM",
        "pHYs",
        "sRGB",
        "tRNS",
        "fcTL",
    ],
)
def test_a_damaged_chunk_of_metadata_costs_no_png(odd: bytes, place: str) -> None:
    """Wherever it stands."""
    data = encode(PICTURE)
    cut = 33 if place == "before" else len(data) - 12

    np.testing.assert_array_equal(decode(data[:cut] + odd + data[cut:]).pixels, PIXELS)


@pytest.mark.parametrize("kind", ["JPEG", "MPO", "PNG", "WEBP", "AVIF"])
def test_damaged_exif_costs_no_picture(kind: str) -> None:
    """Bytes of it changed at random: the pixels are those of the picture, some way up."""
    data = encode(PICTURE, kind, exif=metadata(), quality=95)
    begin, end = data.find(b"MakerMaker") - 60, data.find(b"x" * 300) + 300
    ways = [PICTURE, *map(PICTURE.transpose, Image.Transpose)]
    chance = random.Random(1)  # a test that repeats itself
    for _ in range(60):
        broken = bytearray(data)
        for _ in range(chance.choice((1, 5, 20))):
            broken[chance.randrange(begin, end)] = chance.choice((0, 255, chance.randrange(256)))
        found = decode(bytes(broken)).pixels.astype(int)

        assert min(np.abs(found - np.asarray(way)).mean() for way in ways) < 6  # of lossy kinds


@pytest.mark.parametrize("deflated", [True, False])
@pytest.mark.parametrize("tag", [700, 33723, 34377, 34665, 34675, 34853, 37500])
def test_damaged_tags_of_metadata_cost_no_tiff(tag: int, deflated: bool) -> None:
    """Addresses behind the end, and types that nobody expects; the orientation still counts."""
    for kind, values in ((LONG, [0xFFFFFF00]), (LONG, [5] * 9), (SHORT, [7]), (SHORT, [9] * 50)):
        extra = {tag: (kind, values), 274: (SHORT, [3])}
        found = decode(tiff(PIXELS, photometric=2, deflated=deflated, extra=extra))

        np.testing.assert_array_equal(found.pixels, PIXELS[::-1, ::-1])


def test_a_repair_is_counted_beside_what_else_was_done() -> None:
    """A profile that is whole still counts when a text was left out."""
    data = encode(PICTURE, icc_profile=rgb_profile(P3, 2.2))
    found = decode(data[:33] + chunk(b"tEXt", b"a\0b", checksum=1) + data[33:])

    assert found.notes == (METADATA_LEFT_OUT, CONVERTED)
    np.testing.assert_array_equal(found.pixels, decode(data).pixels)
