"""The wanted form of all pictures, and which pictures fit it.

Owns `Shape`, the rules of `--fit`, and the reason for which a picture is left out. Knows no file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.families.progan.config import BASE_RESOLUTION, SQUARE, Size, size_of

Range = tuple[float, float]
AUTO = "auto"
Fit = Literal["square", "exact", "crop"]
FITS: tuple[Fit, ...] = ("square", "exact", "crop")


class UnfitPictureError(ValueError):
    """A picture that cannot be used; the message is the reason.

    What differs from picture to picture stands in parentheses, so that equal reasons can be counted
    (`training.data.skipped`).
    """


@dataclass(frozen=True)
class Shape:
    """Size, channels and values of every prepared picture, and which pictures are accepted.

    Attributes:
        resolution: of the largest level (`models.families.progan.config`).
        channels: 1 gray, 3 RGB (transparency is laid on white), 4 RGBA.
        fit: `square`: pictures of just these proportions, square ones unless the base says
            otherwise, and at least this size; `exact`: those of just this size; `crop`: the middle
            of any that is at least as wide and as high.
        base: height and width at level 0, and so the proportions.
        value_range: the numbers of deep gray pictures that become black and white, see
            `training.data.depth`; `auto`: the least and greatest of each picture; None: those of
            their type.
        keep_profile: leave the numbers of pictures with a colour profile as they are.
    """

    resolution: int
    channels: int
    fit: Fit = "square"
    base: Size = SQUARE
    value_range: Range | str | None = None
    keep_profile: bool = False

    @property
    def size(self) -> Size:
        """Height and width in pixels."""
        return size_of(self.resolution, self.base)


def largest_within(size: Size, base: Size) -> int:
    """The largest resolution, not only of powers of two, that fits into height and width `size`."""
    return min(BASE_RESOLUTION * side // part for side, part in zip(size, base, strict=True))


def require_fit(size: tuple[int, int], shape: Shape) -> None:
    """Refuse a picture of `size` = (width, height) that does not fit.

    Raises:
        UnfitPictureError: saying its size and what was wanted.
    """
    width, height = size
    wanted = shape.size[::-1]
    if shape.fit == "exact" and size != wanted:
        raise UnfitPictureError(f"is {width}x{height}, not {wanted[0]}x{wanted[1]}")
    if shape.fit != "crop" and width * wanted[1] != height * wanted[0]:
        kind = "square" if shape.base == SQUARE else f"{shape.base[1]} wide to {shape.base[0]} high"
        raise UnfitPictureError(f"is not {kind} ({width}x{height}); --fit crop takes its middle")
    if width < wanted[0] or height < wanted[1]:
        needed = str(wanted[0]) if shape.base == SQUARE else f"{wanted[0]}x{wanted[1]}"
        raise UnfitPictureError(f"is too small ({width}x{height}, {needed} are needed)")
