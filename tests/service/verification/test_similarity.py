"""Similar is what was compressed or resized, and not what another seed makes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from models.picture import Pixels, in_colour, in_eight_bits
from service.verification.similarity import (
    has_shape_of,
    luma_of,
    psnr_db,
    resized,
    similarity,
    ssim,
)
from tests.service.pictures import painted


def jpeg(pixels: Pixels, size: int, quality: int) -> Pixels:
    """A picture after resizing and compression."""
    file = io.BytesIO()
    image = Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC)
    image.save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("size", [32, 48, 64, 96])
@pytest.mark.parametrize("quality", [50, 90])
def test_a_changed_copy_is_similar_and_another_picture_is_not(size: int, quality: int) -> None:
    """Compared at the smaller of both sizes."""
    changed = jpeg(painted(64), size, quality)
    found = similarity(changed, painted(64))

    assert found.is_similar
    assert not found.equal
    assert (found.width, found.height) == (min(size, 64), min(size, 64))
    assert not similarity(changed, painted(64, phase=2.0)).is_similar


def test_equal_means_every_byte() -> None:
    """A gray picture may come back as equal channels."""
    pixels, gray = painted(16), painted(16, 1)
    touched = pixels.copy()
    touched[0, 0, 0] ^= 1

    assert similarity(pixels, pixels).equal
    assert similarity(in_colour(gray), gray).equal
    assert not similarity(touched, pixels).equal
    assert similarity(touched, pixels).psnr_db > 60


def test_transparency_is_compared_on_white_where_it_was_lost() -> None:
    """A JPEG of a picture with alpha is similar to it."""
    pixels = painted(64, 4)
    white = Image.alpha_composite(Image.new("RGBA", (64, 64), "white"), Image.fromarray(pixels))

    assert similarity(jpeg(np.asarray(white.convert("RGB")), 64, 90), pixels).is_similar


def test_the_smallest_pictures_are_never_called_similar() -> None:
    """Too many other seeds look like them."""
    assert not similarity(jpeg(painted(8), 8, 95), painted(8)).is_similar


def test_a_part_of_a_picture_has_another_shape() -> None:
    """Rounding of a side by half a pixel has not."""
    assert has_shape_of(painted(64)[:, :32], painted(32)[:, :16])
    assert has_shape_of(painted(64)[:, :43], painted(30)[:, :20])
    assert not has_shape_of(painted(64)[:, :40], painted(64))


def test_measures_agree_with_their_definitions() -> None:
    """PSNR in dB; SSIM is 1 for equal pictures, and near 0 for noise."""
    pixels = painted(32)
    noise = np.random.default_rng(1).integers(0, 256, pixels.shape, np.uint8)

    assert psnr_db(pixels, pixels) == 99.0
    assert psnr_db(np.zeros_like(pixels), np.full_like(pixels, 255)) == 0.0
    assert ssim(pixels, pixels) == pytest.approx(1.0)
    assert abs(ssim(pixels, noise)) < 0.2
    assert luma_of(np.full((1, 1, 3), 255, np.uint8)) == pytest.approx(255.0)
    assert resized(np.array([[[0], [100]]], np.uint8), 1, 1).tolist() == [[[50]]]


def test_a_file_of_sixteen_bits_is_equal_in_all_of_them() -> None:
    """One step less is similar."""
    made = np.random.default_rng(0).integers(0, 65535, (32, 32, 1), np.uint16)

    assert similarity(made, made.copy()).equal
    off = similarity(made + np.uint16(1), made)
    assert (off.equal, off.is_similar) == (False, True)


def test_a_file_of_eight_bits_is_equal_to_the_view_of_its_recipe() -> None:
    """Which is all that it can hold; also as three equal channels, as in a WebP."""
    made = np.random.default_rng(0).integers(0, 65536, (32, 32, 1), np.uint16)

    assert similarity(in_eight_bits(made), made).equal
    assert similarity(in_colour(in_eight_bits(made)), made).equal
    assert not similarity(in_eight_bits(made) ^ np.uint8(1), made).equal


@pytest.mark.parametrize("factor", [256, 257])
def test_a_picture_that_was_widened_to_sixteen_bits_is_still_equal(factor: int) -> None:
    """Both usual ways keep the upper byte."""
    made = painted(32, 1)

    assert similarity(made.astype(np.uint16) * np.uint16(factor), made).equal
