"""Colour profiles and transparency of every mode."""

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.training.data.picture_files import (
    ADOBE_RGB,
    DISPLAY_P3,
    SHORT,
    SRGB,
    Primaries,
    cmyk_profile,
    encode,
    encoded_srgb,
    gray_profile,
    rgb_profile,
    srgb_of,
    tiff,
)
from training.data.colour import CONVERTED, UNUSABLE
from training.data.decode import Decoded, FileDecoder
from training.data.shape import Shape

COLOUR = (183, 72, 60)
P3 = rgb_profile(DISPLAY_P3, 2.2)


def decode(data: bytes, channels: int = 3, *, keep_profile: bool = False) -> Decoded:
    """A picture of 8 pixels."""
    return FileDecoder(Shape(8, channels, keep_profile=keep_profile))(data, nullcontext())


def flat(mode: str, colour: Any) -> Image.Image:
    """A picture of one colour."""
    return Image.new(mode, (8, 8), colour)


@pytest.mark.parametrize("primaries", [DISPLAY_P3, ADOBE_RGB, SRGB], ids=["p3", "adobe", "gamma"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG", "AVIF"])
def test_colours_become_srgb_in_every_container(kind: str, primaries: Primaries) -> None:
    """As the formulas say, within one step of 255, and two where the kind itself loses some."""
    options: dict[str, Any] = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100}}.get(kind, {})
    profile = rgb_profile(primaries, 2.2)
    found = decode(encode(flat("RGB", COLOUR), kind, icc_profile=profile, **options))

    assert found.notes == (CONVERTED,)
    loss = 3 if kind in ("JPEG", "AVIF") else 1
    assert np.abs(found.pixels - srgb_of(primaries, 2.2, COLOUR)).max() <= loss


def test_a_colour_of_display_p3_is_the_one_that_was_meant() -> None:
    """(183, 72, 60) there is (200, 60, 50) in sRGB, within a step."""
    found = decode(encode(flat("RGB", COLOUR), icc_profile=P3)).pixels[0, 0]

    assert np.abs(found.astype(int) - (200, 60, 50)).max() <= 1


@pytest.mark.parametrize(
    "image",
    [flat("RGB", COLOUR).quantize(4), flat("RGBA", (*COLOUR, 255)), flat("RGBA", (*COLOUR, 128))],
    ids=["palette", "opaque", "translucent"],
)
def test_every_mode_of_colours_is_converted(image: Image.Image) -> None:
    """Transparency stays as it is."""
    found = decode(encode(image, icc_profile=P3), 4).pixels[0, 0]

    assert np.abs(found[:3] - srgb_of(DISPLAY_P3, 2.2, COLOUR)).max() <= 1
    assert found[3] == np.asarray(image.convert("RGBA"))[0, 0, 3]


@pytest.mark.parametrize(
    ("image", "alpha"),
    [
        (flat("L", 100), 255),
        (flat("LA", (100, 128)), 128),
        (flat("I;16", 257 * 100), 255),
    ],
    ids=["gray", "gray-alpha", "deep"],
)
@pytest.mark.parametrize("kind", ["gray", "rgb"])
def test_gray_is_converted_by_a_profile_of_gray_or_of_colours(
    image: Image.Image, alpha: int, kind: str
) -> None:
    """A linear 100 is as light as an sRGB 168."""
    profile = gray_profile(1.0) if kind == "gray" else rgb_profile(SRGB, 1.0)
    found = decode(encode(image, icc_profile=profile), 4)
    light = float(encoded_srgb(np.array(100 / 255)) * 255)

    assert found.pixels[0, 0].tolist() == [round(light)] * 3 + [alpha]
    assert found.notes == (CONVERTED,)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_is_converted_by_its_profile(kind: str) -> None:
    """A profile of gray inks shows gray where plain inks would be red."""
    image = flat("CMYK", (0, 255, 255, 0))
    found = decode(encode(image, kind, icc_profile=cmyk_profile())).pixels[0, 0].astype(int)

    assert np.ptp(found) <= 2
    assert np.abs(found - 79).max() <= 3  # L* = 100 / 3
    plain = decode(encode(image, kind)).pixels[0, 0]
    assert plain[0] > 250
    assert plain[1] < 5


def test_srgb_itself_changes_nothing() -> None:
    """Neither a pixel nor the notes, for most cameras embed it."""
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    found = decode(encode(Image.fromarray(pixels), icc_profile=profile))

    np.testing.assert_array_equal(found.pixels, pixels)
    assert found.notes == ()


def test_the_numbers_can_be_kept() -> None:
    """For data that are no colours to the eye."""
    found = decode(encode(flat("RGB", COLOUR), icc_profile=P3), keep_profile=True)

    assert tuple(found.pixels[0, 0]) == COLOUR
    assert found.notes == ()


@pytest.mark.parametrize(
    "profile", [b"x" * 200, b"x", P3[:300], gray_profile(2.2), cmyk_profile()], ids=range(5)
)
def test_a_profile_that_cannot_be_meant_costs_no_picture(profile: bytes) -> None:
    """Damaged, cut, or of other kinds of pixels: the numbers count as sRGB, and it is noted."""
    found = decode(encode(flat("RGB", COLOUR), icc_profile=profile))

    assert tuple(found.pixels[0, 0]) == COLOUR
    assert found.notes == (UNUSABLE,)


def test_lab_tiffs_become_rgb() -> None:
    """L* = 50 is a gray of 119."""
    found = decode(encode(flat("LAB", (128, 128, 128)), "TIFF")).pixels[0, 0]

    assert np.abs(found.astype(int) - 119).max() <= 1


@pytest.mark.parametrize(("bits", "key"), [(2, 1), (4, 5), (8, 85), (1, 0)])
def test_the_transparent_gray_of_a_png_counts_in_its_own_bits(bits: int, key: int) -> None:
    """A key of 5 among 4 bits is a gray of 85."""
    most = 2**bits - 1
    gray = (np.arange(64) % (most + 1) * 255 // most).astype(np.uint8).reshape(8, 8)
    image = Image.fromarray(gray).convert("1") if bits == 1 else Image.fromarray(gray)
    options: dict[str, Any] = {} if bits in (1, 8) else {"bits": bits}
    alpha = decode(encode(image, transparency=key, **options), 4).pixels[..., 3]

    np.testing.assert_array_equal(alpha == 0, gray == key * 255 // most)


@pytest.mark.parametrize("extra", [1, 2], ids=["premultiplied", "plain"])
def test_gray_with_transparency_of_tiffs(extra: int) -> None:
    """Both kinds that the format has."""
    pixels = np.full((8, 8, 2), 90, np.uint8)
    pixels[..., 1] = 180
    found = decode(tiff(pixels, extra={338: (SHORT, [extra])}), 4).pixels[0, 0]

    assert found.tolist() == [127 if extra == 1 else 90] * 3 + [180]
