"""Which pictures fit a shape."""

import pytest

from training.data.shape import Shape, UnfitPictureError, largest_within, require_fit


@pytest.mark.parametrize(
    ("size", "shape", "reason"),
    [
        ((40, 30), Shape(16, 3), r"is not square \(40x30\); --fit crop takes its middle"),
        ((12, 12), Shape(16, 3), r"is too small \(12x12, 16 are needed\)"),
        ((20, 20), Shape(16, 3, "exact"), "is 20x20, not 16x16"),
        ((20, 12), Shape(16, 3, "crop"), r"is too small \(20x12"),
        ((48, 30), Shape(16, 3, "square", (4, 6)), r"is not 6 wide to 4 high \(48x30\)"),
    ],
)
def test_a_picture_that_does_not_fit_is_refused(
    size: tuple[int, int], shape: Shape, reason: str
) -> None:
    """With its size, and what would take it."""
    with pytest.raises(UnfitPictureError, match=reason):
        require_fit(size, shape)


def test_a_picture_that_fits_is_not() -> None:
    """Larger ones are made smaller, unless that is refused."""
    require_fit((40, 40), Shape(16, 3))
    require_fit((16, 16), Shape(16, 3, "exact"))
    require_fit((400, 17), Shape(16, 3, "crop"))

    assert largest_within((40, 70), (4, 4)) == 40
    assert largest_within((40, 70), (4, 6)) == 40
