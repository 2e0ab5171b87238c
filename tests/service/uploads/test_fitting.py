"""Fitting of uploads to a model: a rule that must not change."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image

from models.picture import Pixels
from service.uploads.fitting import fit_picture

FROZEN = ["176d54b724d85ca4", "55ff0a716160fdb7", "6a53a87f3c295147"]


def gradient(height: int, width: int, channels: int = 3) -> Pixels:
    """Rows and columns of rising values."""
    rows, columns = np.mgrid[:height, :width]
    planes = [(rows * 7 + columns * 3 + 50 * n) % 256 for n in range(channels)]
    return np.stack(planes, axis=-1).astype(np.uint8)


def test_a_picture_of_the_right_size_stays_as_it_is() -> None:
    """Byte for byte, in every number of channels."""
    for channels in (1, 3, 4):
        picture = gradient(16, 16, channels)
        assert np.array_equal(fit_picture(picture, (16, 16), channels), picture)


def test_the_middle_is_cut_out() -> None:
    """Of a wide and of a high picture; an odd pixel is left out at the right or bottom."""
    assert np.array_equal(fit_picture(gradient(8, 13), (8, 8), 3), gradient(8, 13)[:, 2:10])
    assert np.array_equal(fit_picture(gradient(13, 8), (8, 8), 3), gradient(13, 8)[2:10])
    assert np.array_equal(fit_picture(gradient(8, 20), (8, 12), 3), gradient(8, 20)[:, 4:16])


def test_the_pixels_of_the_rule_are_frozen() -> None:
    """Digests of a shrunken, an enlarged and a gray picture, of Pillow's Lanczos filter."""
    made = [
        fit_picture(gradient(50, 70), (16, 16), 3),
        fit_picture(gradient(5, 5), (16, 16), 3),
        fit_picture(gradient(50, 70), (16, 16), 1),
    ]

    assert [hashlib.sha256(each.tobytes()).hexdigest()[:16] for each in made] == FROZEN


def test_transparency_is_composited_over_white() -> None:
    """Half of black over white is gray; a model with an alpha channel keeps it."""
    half = np.zeros((8, 8, 4), np.uint8)
    half[..., 3] = 128

    assert {*fit_picture(half, (8, 8), 3).flatten().tolist()} == {127}
    assert np.array_equal(fit_picture(half, (8, 8), 4), half)
    assert fit_picture(gradient(8, 8), (8, 8), 4)[..., 3].min() == 255


def test_sixteen_bits_become_eight() -> None:
    """As everywhere: divided by 257 and rounded."""
    deep = np.full((8, 8, 1), 300 * 257 // 3, np.uint16)

    assert {*fit_picture(deep, (8, 8), 3).flatten().tolist()} == {100}


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 3)])
def test_any_picture_fits(size: tuple[int, int]) -> None:
    """However thin it is."""
    fitted = fit_picture(np.full((*size, 3), 9, np.uint8), (16, 16), 3)

    assert fitted.shape == (16, 16, 3)
    assert {*fitted.flatten().tolist()} == {9}
    assert Image.fromarray(fitted).size == (16, 16)
