"""Orientations and transparent colours, beside what Pillow decodes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from models.opened_picture import TRANSPOSITIONS, scale_transparent_colour

UPRIGHT = np.arange(12, dtype=np.uint8).reshape(3, 4)
AS_HELD = {
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.T,
    6: np.rot90(UPRIGHT),
    7: UPRIGHT[::-1, ::-1].T,
    8: np.rot90(UPRIGHT, -1),
}  # rows and columns as a camera stores them (EXIF 2.32, section 4.6.5.1)


@pytest.mark.parametrize("orientation", AS_HELD)
def test_each_orientation_is_transposed_upright(orientation: int) -> None:
    """The transposition undoes what the camera did."""
    held = Image.fromarray(np.ascontiguousarray(AS_HELD[orientation]))

    np.testing.assert_array_equal(held.transpose(TRANSPOSITIONS[orientation]), UPRIGHT)


@pytest.mark.parametrize(("bits", "key"), [(2, 1), (4, 5), (8, 85)])
def test_a_transparent_gray_has_the_bits_of_decoded_pixels(bits: int, key: int) -> None:
    """A key of 5 among 4 bits is a gray of 85, and so is a pixel of 5."""
    most = 2**bits - 1
    file = io.BytesIO()
    options: dict[str, int] = {} if bits == 8 else {"bits": bits}
    gray = Image.fromarray(np.full((4, 4), key * 255 // most, np.uint8))
    gray.save(file, "PNG", transparency=key, **options)

    with Image.open(file) as image:
        scale_transparent_colour(image)
        assert image.info["transparency"] == 85
        assert np.unique(np.asarray(image)).tolist() == [85]


def test_other_formats_keep_their_transparent_colour() -> None:
    """The index into the palette of a GIF has no bits to scale."""
    file = io.BytesIO()
    indices = np.arange(16, dtype=np.uint8).reshape(4, 4)
    Image.fromarray(indices).convert("P").save(file, "GIF", transparency=3)

    with Image.open(file) as image:
        scale_transparent_colour(image)
        assert image.info["transparency"] == 3
