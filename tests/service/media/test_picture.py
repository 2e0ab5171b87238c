"""Pictures as arrays: what is accepted, and how transparency and gray are turned into RGB."""

from __future__ import annotations

import numpy as np
import pytest

from service.media.picture import checked, in_colour, on_white


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
