"""Gray pictures of every depth, sign and byte order."""

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.training.data.picture_files import SHORT, encode, tiff
from training.data.decode import FileDecoder
from training.data.depth import FewValues
from training.data.shape import AUTO, Range, Shape, UnfitPictureError

EXPECTED = [0, 36, 73, 109, 146, 182, 219, 255]  # eight equal steps
KINDS: dict[str, tuple[type, int, float, float]] = {
    "uint8": (np.uint8, 1, 0, 255),
    "uint16": (np.uint16, 1, 0, 65535),
    "uint32": (np.uint32, 1, 0, 2**32 - 1),
    "int8": (np.int8, 2, -128, 127),
    "int16": (np.int16, 2, -1000, 1500),
    "int32": (np.int32, 2, -100_000, 150_000),
    "float32": (np.float32, 3, -1.5, 1.5),
}


def ramp(low: float, high: float, kind: type) -> np.ndarray:
    """Eight equal steps from left to right, `[8, 8]`."""
    steps = np.linspace(low, high, 8)
    return np.tile(steps.astype(kind) if kind == np.float32 else steps.round().astype(kind), (8, 1))


def decode(data: bytes, value_range: Range | str | None = None, channels: int = 1) -> np.ndarray:
    """The first row of a picture of 8 pixels, `[8, C]`."""
    shape = Shape(8, channels, value_range=value_range)
    return FileDecoder(shape)(data, nullcontext()).pixels[0]


def stored(name: str, **options: Any) -> bytes:
    """A TIFF of one of the `KINDS`."""
    kind, sample_format, low, high = KINDS[name]
    return tiff(ramp(low, high, kind), sample_format=sample_format, **options)


@pytest.mark.parametrize("big_endian", [True, False])
@pytest.mark.parametrize("name", ["uint8", "uint16", "uint32"])
def test_unsigned_numbers_have_the_range_of_their_type(name: str, big_endian: bool) -> None:
    """0 is black, the greatest number is white."""
    if (name, big_endian) == ("uint32", True):
        with pytest.raises(UnfitPictureError, match="Pillow cannot read"):
            decode(stored(name, big_endian=True))
        return

    assert decode(stored(name, big_endian=big_endian))[:, 0].tolist() == EXPECTED


@pytest.mark.parametrize("big_endian", [True, False])
@pytest.mark.parametrize("name", ["int8", "int16", "int32", "float32"])
def test_other_numbers_need_a_range(name: str, big_endian: bool) -> None:
    """Without one they are refused, with what they hold and what to do."""
    data = stored(name, big_endian=big_endian)
    _, _, low, high = KINDS[name]
    with pytest.raises(UnfitPictureError, match=rf"\({low} to {high}\); state its range: --range="):
        decode(data)

    assert decode(data, (low, high))[:, 0].tolist() == EXPECTED
    assert decode(data, AUTO)[:, 0].tolist() == EXPECTED
    assert decode(data, (low, (low + high) / 2))[4:, 0].tolist() == [255] * 4


@pytest.mark.parametrize(("name", "big_endian"), [("uint16", False), ("uint8", True)])
def test_where_zero_is_white_the_picture_is_inverted(name: str, big_endian: bool) -> None:
    """TIFF's PhotometricInterpretation 0, as scanners and X-ray machines write it."""
    data = stored(name, photometric=0, big_endian=big_endian)

    assert decode(data)[:, 0].tolist() == EXPECTED[::-1]


def test_where_zero_is_white_a_stated_range_begins_with_white() -> None:
    """LOW then is white."""
    data = stored("float32", photometric=0)

    assert decode(data, (-1.5, 1.5))[:, 0].tolist() == EXPECTED[::-1]


def test_twelve_bits_in_sixteen_take_a_range() -> None:
    """By their type they are nearly black; `auto` and a stated range spread them."""
    data = encode(Image.fromarray(ramp(0, 4095, np.uint16)))

    assert decode(data)[:, 0].tolist() == [0, 2, 5, 7, 9, 11, 14, 16]
    assert decode(data, AUTO)[:, 0].tolist() == EXPECTED
    assert decode(data, (0, 4095))[:, 0].tolist() == EXPECTED


def test_other_formats_of_sixteen_bits() -> None:
    """A PGM of 12 bits says so itself; JPEG 2000 counts to 65,535."""
    pgm = b"P5 8 8 4095\n" + ramp(0, 4095, np.uint16).astype(">u2").tobytes()

    assert decode(pgm)[:, 0].tolist() == EXPECTED
    jp2 = encode(Image.fromarray(ramp(0, 65535, np.uint16)), "JPEG2000")
    assert decode(jp2)[:, 0].tolist() == EXPECTED


def test_pictures_of_eight_bits_have_their_range() -> None:
    """Whatever is stated for deep ones beside them."""
    data = encode(Image.fromarray(ramp(0, 255, np.uint8)))

    assert decode(data, (0, 4095))[:, 0].tolist() == EXPECTED


def test_no_number_is_black_and_a_flat_picture_too() -> None:
    """Neither divides by nothing."""
    holes = ramp(0, 7, np.float32)
    holes[:, 0] = np.nan

    assert decode(tiff(holes, sample_format=3), AUTO)[:, 0].tolist() == [
        0,
        0,
        43,
        85,
        128,
        170,
        213,
        255,
    ]
    flat = tiff(np.full((8, 8), 5, np.float32), sample_format=3)
    assert decode(flat, AUTO)[:, 0].tolist() == [0] * 8


def test_one_number_of_sixteen_bits_may_mean_transparent() -> None:
    """It is compared before the numbers become small."""
    values = np.tile(np.arange(8, dtype=np.uint16) * 8000, (8, 1))
    data = encode(Image.fromarray(values), transparency=8000)

    assert decode(data, channels=4)[:, 3].tolist() == [255, 0, *[255] * 6]
    assert decode(data)[1, 0] == 255  # laid on white


COLOURS = np.stack([ramp(0, 65535, np.uint16)] * 3, axis=-1) // np.array([1, 2, 4], np.uint16)


@pytest.mark.parametrize("big_endian", [True, False])
@pytest.mark.parametrize("samples", [3, 4])
def test_planes_that_pillow_reads_wrongly_are_refused(samples: int, big_endian: bool) -> None:
    """Uncompressed colours of 16 bits, one after the other."""
    pixels = np.concatenate([COLOURS, COLOURS], axis=-1)[..., :samples]
    extra = {338: (SHORT, [2])} if samples == 4 else {}
    options: dict[str, Any] = {"photometric": 2, "big_endian": big_endian, "extra": extra}
    with pytest.raises(UnfitPictureError, match="16-bit colours in separate planes"):
        decode(tiff(pixels, planar=True, **options), channels=3)


def test_planes_that_pillow_loses_are_refused() -> None:
    """Compressed transparency that is not declared, or that belongs to gray."""
    four = np.concatenate([COLOURS, COLOURS[..., :1]], axis=-1).astype(np.uint8)
    two = four[..., :2]
    gray = tiff(two, planar=True, deflated=True, extra={338: (SHORT, [2])})
    for data in (tiff(four, photometric=2, planar=True, deflated=True), gray):
        with pytest.raises(UnfitPictureError, match="in separate planes"):
            decode(data, channels=3)


PLANES = [(np.uint8, False), (np.uint8, True), (np.uint16, True)]


@pytest.mark.parametrize(("kind", "deflated"), PLANES)
def test_other_planes_are_read(kind: type, deflated: bool) -> None:
    """Those of 8 bits, and compressed ones."""
    pixels = (COLOURS >> 8).astype(np.uint8) if kind == np.uint8 else COLOURS
    data = tiff(pixels, photometric=2, planar=True, deflated=deflated)

    np.testing.assert_array_equal(decode(data, channels=3), (COLOURS >> 8)[0])


def test_a_range_for_deep_colours_is_refused() -> None:
    """Pillow keeps their upper eight bits only, so it would not do what it says."""
    data = tiff(COLOURS, photometric=2)

    assert decode(data, channels=3)[7].tolist() == [255, 127, 63]
    with pytest.raises(UnfitPictureError, match="only the upper 8 bits are read; --range is for"):
        decode(data, AUTO, channels=3)


def test_hardly_any_values_are_noticed() -> None:
    """Seventeen are few, a photograph has many."""
    few, many = FewValues(), FewValues()
    few.add(np.arange(17, dtype=np.uint8).reshape(1, 1, 17, 1))
    for pictures in np.split(np.arange(256, dtype=np.uint8).reshape(4, 8, 8, 1), 4):
        many.add(pictures)

    assert "only 17 values, 0 to 16 of 255" in few.warning()
    assert "--range=auto" in few.warning()
    assert many.warning() == ""
    bilevel = FewValues()
    bilevel.add(np.array([0, 255], np.uint8).reshape(1, 1, 2, 1))
    assert bilevel.warning() == ""
