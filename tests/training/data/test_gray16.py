"""Gray pictures of 16 bits: numbers that come back, and pictures that have none."""

import struct
import zlib
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.training.data.picture_files import ORIENTATION, SHORT, encode, gray_profile, ifd, tiff
from training.data.decode import Decoded, FileDecoder
from training.data.gray16 import (
    CLIPPED,
    NOT_NUMBERS,
    PROFILE_IGNORED,
    WHITE_ZERO_KEPT,
    RangeUse,
)
from training.data.shape import Range, Shape, UnfitPictureError

RANDOM = np.random.default_rng(16)


def decode(data: bytes | Path, value_range: Range | None = None, size: int = 8) -> Decoded:
    """A picture in 16 bits."""
    shape = Shape(size, 1, "crop", value_range=value_range, bit_depth=16)
    return FileDecoder(shape)(data if isinstance(data, bytes) else str(data), nullcontext())


def values_of(pixels: np.ndarray, value_range: Range) -> np.ndarray:
    """The values that pixels stand for, by the rule of the documentation."""
    low, high = value_range
    return low + pixels[..., 0] / 65535 * (high - low)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG2000"])
def test_the_numbers_of_sixteen_bits_stay_as_they_are(kind: str) -> None:
    """From each format that has them."""
    numbers = RANDOM.integers(0, 65536, (8, 8), np.uint16)
    options: dict[str, Any] = {"irreversible": False} if kind == "JPEG2000" else {}

    found = decode(encode(Image.fromarray(numbers), kind, **options))

    assert found.pixels.dtype == np.uint16
    assert found.notes == ()
    np.testing.assert_array_equal(found.pixels[..., 0], numbers)


@pytest.mark.parametrize("big_endian", [True, False])
@pytest.mark.parametrize("greatest", [4095, 16383, 65535])
def test_a_pgm_holds_the_numbers_that_it_says(greatest: int, big_endian: bool) -> None:
    """Pillow spreads those of fewer bits to 16, which is undone; plain text, too."""
    numbers = RANDOM.integers(0, greatest + 1, (8, 8), np.uint16)
    head = f"{8} {8} {greatest}\n".encode()
    text = " ".join(map(str, numbers.reshape(-1).tolist())).encode()
    data = b"P2 " + head + text if big_endian else b"P5 " + head + numbers.astype(">u2").tobytes()

    np.testing.assert_array_equal(decode(data).pixels[..., 0], numbers)


def test_twelve_bits_in_one_and_a_half_bytes_are_read_as_they_are() -> None:
    """As some microscopes write them."""
    numbers = RANDOM.integers(0, 4096, (8, 8), np.uint16)
    first, second = numbers.reshape(-1, 2).T
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=1)
    strip = packed.astype(np.uint8).tobytes()
    tags = {256: 8, 257: 8, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: 8, 279: len(strip)}
    directory = ifd({tag: (SHORT, [n]) for tag, n in tags.items()}, 8 + len(strip), "<")
    data = struct.pack("<2sHI", b"II", 42, 8 + len(strip)) + strip + directory

    np.testing.assert_array_equal(decode(data).pixels[..., 0], numbers)


@pytest.mark.parametrize(
    ("kind", "sample_format", "value_range", "photometric"),
    [
        (np.uint16, 1, (0, 4095), 0),
        (np.uint16, 1, (0, 4095), 1),
        (np.uint16, 1, (1000, 1001), 1),
        (np.int16, 2, (-1024, 3071), 1),
        (np.int16, 2, (-32768, 32767), 1),
        (np.int32, 2, (-100_000, -50_000), 1),
        (np.uint32, 1, (2**31, 2**31 + 65535), 1),
        (np.int8, 2, (-128, 127), 1),
        (np.float32, 3, (-300, 700), 0),
        (np.float32, 3, (-300, 700), 1),
    ],
)
def test_whole_numbers_of_a_range_come_back(
    kind: type, sample_format: int, value_range: Range, photometric: int
) -> None:
    """Rounding gives exactly what was stored, also where 0 is declared as white.

    Of both byte orders, except where Pillow reads only one.
    """
    low, high = value_range
    numbers = RANDOM.integers(int(low), int(high) + 1, (8, 8), np.int64).astype(kind)
    numbers[0, :2] = low, high
    big_endian = photometric == 1 and kind != np.uint32
    data = tiff(
        numbers, sample_format=sample_format, photometric=photometric, big_endian=big_endian
    )

    found = decode(data, value_range)

    assert found.notes == (() if photometric else (WHITE_ZERO_KEPT,))
    assert found.pixels[0, :2, 0].tolist() == [0, 65535]
    np.testing.assert_array_equal(values_of(found.pixels, value_range).round(), numbers)


def test_other_numbers_are_rounded_to_the_nearest_step() -> None:
    """Half a step of the range is the greatest error."""
    numbers = RANDOM.uniform(-1.5, 1.5, (8, 8)).astype(np.float32)

    found = decode(tiff(numbers, sample_format=3), (-1.5, 1.5))

    assert np.abs(values_of(found.pixels, (-1.5, 1.5)) - numbers).max() <= 3 / 65535 / 2 * 1.001


def test_what_leaves_the_range_is_clipped_and_noted() -> None:
    """And NaN is the low end."""
    numbers = np.zeros((8, 8), np.float32)
    numbers[0, :4] = -5, 5, np.inf, np.nan

    found = decode(tiff(numbers, sample_format=3), (-1, 1))

    assert found.pixels[0, :5, 0].tolist() == [0, 65535, 65535, 0, 32768]
    assert found.notes == (CLIPPED, NOT_NUMBERS)
    wide = encode(Image.fromarray(np.full((8, 8), 5000, np.uint16)))
    assert decode(wide, (0, 4095)).notes == (CLIPPED,)
    assert decode(wide, (6000, 7000)).pixels.max() == 0


@pytest.mark.parametrize(
    ("kind", "sample_format", "word"),
    [(np.int16, 2, "signed"), (np.float32, 3, "floating-point"), (np.uint32, 1, "32-bit")],
)
def test_numbers_of_other_types_need_a_range(kind: type, sample_format: int, word: str) -> None:
    """With what the picture holds, and what to add to the command."""
    data = tiff(np.arange(64).reshape(8, 8).astype(kind), sample_format=sample_format)

    with pytest.raises(UnfitPictureError, match=rf"{word} pixels \(0 to 63\); state .*--range="):
        decode(data)


def gray_with_alpha(bits: int) -> bytes:
    """A PNG of gray and alpha, which Pillow writes with 8 bits only."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 8, 8, bits, 4, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(8 * (1 + 8 * 2 * bits // 8)))),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


DEEP = np.full((8, 8), 1000, np.uint16)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (encode(Image.new("RGB", (8, 8))), "has colours or a palette"),
        (encode(Image.new("P", (8, 8))), "has colours or a palette"),
        (tiff(np.zeros((8, 8, 3), np.uint16), photometric=2), "has colours or a palette"),
        (encode(Image.new("L", (8, 8))), "has gray of 8 bits or fewer; .*--depth 8 takes both"),
        (encode(Image.new("1", (8, 8))), "has gray of 8 bits or fewer"),
        (encode(Image.new("L", (8, 8)), "JPEG"), "has gray of 8 bits or fewer"),
        (gray_with_alpha(8), "has gray of 8 bits or fewer"),
        (gray_with_alpha(16), "gray of 16 bits with transparency, of which only 8 bits are read"),
        (encode(Image.fromarray(DEEP), transparency=1000), "declares one number transparent"),
    ],
)
def test_pictures_without_such_numbers_are_refused(data: bytes, reason: str) -> None:
    """In words that say what they are, and what to do."""
    for value_range in (None, (0, 4095)):
        with pytest.raises(UnfitPictureError, match=reason):
            decode(data, value_range)


def test_a_colour_profile_is_ignored_and_noted() -> None:
    """A conversion would change the numbers."""
    found = decode(encode(Image.fromarray(DEEP), icc_profile=gray_profile(1.8)))

    assert found.notes == (PROFILE_IGNORED,)
    assert np.unique(found.pixels).tolist() == [1000]


def test_pictures_are_cropped_and_turned_without_a_change_of_numbers(tmp_path: Path) -> None:
    """The middle of a picture that is held sideways, from a file."""
    numbers = np.arange(8 * 12, dtype=np.uint16).reshape(8, 12) * 600
    path = tmp_path / "a.tiff"
    path.write_bytes(tiff(numbers, extra={ORIENTATION: (SHORT, [6])}))

    np.testing.assert_array_equal(decode(path).pixels[..., 0], np.rot90(numbers[:, 2:10], -1))


def test_a_larger_picture_is_resized_in_the_precision_of_sixteen_bits() -> None:
    """Flat areas keep their number, a ramp its steps; overshoot is clipped."""
    flat = decode(encode(Image.fromarray(np.full((32, 32), 12_345, np.uint16))))
    edge = np.repeat(np.array([[0, 65535]], np.uint16), 16, axis=1).repeat(32, axis=0)
    ramp = np.tile(np.arange(1024, dtype=np.uint16) * 64, (1024, 1))

    assert np.unique(flat.pixels).tolist() == [12_345]
    sharp = decode(encode(Image.fromarray(edge)), size=16).pixels[0, :, 0]
    assert (sharp[0], sharp[-1]) == (0, 65535)
    shrunk = decode(encode(Image.fromarray(ramp)), size=512).pixels[0, 8:-8, 0].astype(int)
    # Each pixel is the mean of two, 64 apart, so odd multiples of 32; one step of rounding.
    assert np.abs(shrunk - (np.arange(512)[8:-8] * 128 + 32)).max() <= 1


def test_a_range_that_is_hardly_used_is_noticed() -> None:
    """With the range that would be, in the form of the option."""
    twelve, sixteen, flat = (RangeUse((0, 65535)) for _ in range(3))
    for numbers in (np.arange(100), np.arange(4000, 4096)):
        twelve.add(numbers.astype(np.uint16).reshape(1, 1, -1, 1))
    sixteen.add(np.array([0, 40_000], np.uint16).reshape(1, 1, 2, 1))
    flat.add(np.zeros((1, 2, 2, 1), np.uint16))

    assert "from 0 to 4095 only, of the range 0:65535" in twelve.warning()
    assert "--range=0:4095 --replace" in twelve.warning()
    assert sixteen.warning() == flat.warning() == ""
    signed = RangeUse((-1024, 3071))
    signed.add(np.array([0, 16384], np.uint16).reshape(1, 1, 2, 1))
    assert "values from -1024 to -0.2" in signed.warning()
