"""Pictures as arrays: accepted shapes, transparency and gray, digests, thumbnails."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from models.picture import (
    ValueRange,
    bit_depth_of,
    checked,
    in_colour,
    in_eight_bits,
    on_white,
    pixel_sha256,
    range_text,
    require_depth,
    sample_bytes,
    thumbnail_of,
)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 2), (0, 4, 3), (1, 4, 4, 3)])
def test_anything_but_a_picture_is_refused(shape: tuple[int, ...]) -> None:
    """A shape that is not [H, W, 1 | 3 | 4] raises an error that says so."""
    with pytest.raises(ValueError, match="a picture is"):
        checked(np.zeros(shape, np.uint8))


def test_floats_are_refused() -> None:
    """A picture is uint8; the error names what turns floats into that."""
    with pytest.raises(ValueError, match="to_pixels"):
        checked(np.zeros((4, 4, 3), np.float32))  # pyright: ignore[reportArgumentType]  the point


def test_a_view_becomes_contiguous_without_changing() -> None:
    """A mirrored view keeps its values and gets memory in reading order."""
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)[:, ::-1]

    result = checked(picture)

    assert result.flags.c_contiguous
    assert (result == picture).all()


def test_transparency_is_laid_over_white() -> None:
    """Opaque stays, clear becomes white, half is the mean of both."""
    picture = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 128]]], np.uint8)

    assert on_white(picture).tolist() == [[[10, 20, 30], [255, 255, 255], [127, 127, 127]]]


def test_gray_in_colour_has_three_equal_channels() -> None:
    """One channel is repeated, three are left alone."""
    gray = np.array([[[7], [9]]], np.uint8)

    assert in_colour(gray).tolist() == [[[7, 7, 7], [9, 9, 9]]]
    assert in_colour(in_colour(gray)).shape == (1, 2, 3)


def test_the_digest_is_that_of_the_raw_bytes() -> None:
    """Row by row, channels last; of several pictures, one after another."""
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)

    assert pixel_sha256([pixels]) == hashlib.sha256(bytes(range(12))).hexdigest()
    assert pixel_sha256([pixels, pixels]) == hashlib.sha256(bytes(range(12)) * 2).hexdigest()


def test_the_digest_does_not_depend_on_memory_order() -> None:
    """A view in another order has the same pixels."""
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)

    assert pixel_sha256([np.asfortranarray(pixels)]) == pixel_sha256([pixels])


def test_a_thumbnail_is_the_mean_of_each_sixteenth() -> None:
    """Row by row, channel by channel."""
    picture = np.zeros((8, 8, 2), np.uint8)
    picture[:2, 2:4, 1] = 200  # the second sixteenth of the first row
    picture[6, 6] = 100  # a quarter of the last

    thumbnail = thumbnail_of(picture)

    assert len(thumbnail) == 4 * 4 * 2
    assert thumbnail[2:4] == (0, 200)
    assert thumbnail[-2:] == (25, 25)
    assert sum(thumbnail) == 250


def test_the_thumbnail_of_the_smallest_picture_is_itself() -> None:
    """4x4 pixels are sixteen sixteenths."""
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)

    assert thumbnail_of(picture) == tuple(range(48))


def test_a_thumbnail_of_a_side_that_four_does_not_divide_counts_pixels_by_their_share() -> None:
    """Six columns: a quarter is one and a half of them."""
    picture = np.array([0, 60, 120, 180, 240, 30], np.uint8).reshape(1, 6, 1).repeat(4, axis=0)

    assert thumbnail_of(picture)[:4] == (20, 100, 200, 100)


def test_gray_may_have_sixteen_bits_and_colours_may_not() -> None:
    """The error names the number of channels."""
    gray = np.zeros((4, 4, 1), np.uint16)

    assert checked(gray) is gray
    assert (bit_depth_of(gray), bit_depth_of(np.zeros((4, 4, 3), np.uint8))) == (16, 8)
    with pytest.raises(ValueError, match="only gray pictures have 16 bits, not 3 channels"):
        checked(np.zeros((4, 4, 3), np.uint16))


@pytest.mark.parametrize(
    ("bit_depth", "channels", "value_range", "message"),
    [
        (16, 3, (0.0, 1.0), "only gray pictures have 16 bits"),
        (16, 1, None, "with 16 bits two numbers"),
        (8, 1, (0.0, 1.0), "else none"),
        (16, 1, (1.0, 1.0), "low below high"),
        (16, 1, (0.0, float("inf")), "low below high"),
        (16, 1, (float("nan"), 1.0), "low below high"),
        (12, 1, None, "8 or 16, not 12"),
    ],
)
def test_depth_channels_and_range_must_agree(
    bit_depth: Any, channels: int, value_range: ValueRange | None, message: str
) -> None:
    """A rule for data sets and models alike."""
    with pytest.raises(ValueError, match=message):
        require_depth(bit_depth, channels, value_range)


def test_the_view_in_eight_bits_rounds_to_the_nearest() -> None:
    """65,535 is 255, a step of 8 bits is 257 of 16, and pictures of 8 bits stay as they are."""
    deep = np.array([0, 128, 129, 257, 65406, 65407, 65535], np.uint16)

    assert in_eight_bits(deep).tolist() == [0, 0, 1, 1, 254, 255, 255]
    assert in_eight_bits(np.arange(256, dtype=np.uint16) * 257).tolist() == list(range(256))
    shallow = np.arange(4, dtype=np.uint8)
    assert in_eight_bits(shallow) is shallow


def test_the_digest_of_sixteen_bits_is_that_of_big_endian_numbers() -> None:
    """As they lie in a PNG, on every machine and in every memory order."""
    pixels = np.array([[[0x0102], [0xFF00]], [[3], [4]]], np.uint16)
    raw = bytes([1, 2, 0xFF, 0, 0, 3, 0, 4])

    assert sample_bytes(pixels).tobytes() == raw
    assert sample_bytes(pixels).shape == (2, 2, 2)
    for stored in (pixels, pixels.astype(">u2"), np.asfortranarray(pixels)):
        assert pixel_sha256([stored]) == hashlib.sha256(raw).hexdigest()


def test_a_thumbnail_of_sixteen_bits_is_in_steps_of_255() -> None:
    """So that cards of both depths have the same tolerance."""
    shallow = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)

    assert thumbnail_of(shallow.astype(np.uint16) * 257) == thumbnail_of(shallow)


@pytest.mark.parametrize(
    ("value_range", "text"),
    [((0, 4095), "0:4095"), ((-1024.0, 3071.5), "-1024:3071.5"), ((1e-7, 1e22), "1e-07:1e22")],
)
def test_a_range_as_text_reads_back(value_range: ValueRange, text: str) -> None:
    """Short, without a sign that an address would have to escape."""
    assert range_text(value_range) == text
    assert tuple(map(float, text.split(":"))) == value_range
