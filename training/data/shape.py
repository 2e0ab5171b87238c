"""The target shape of all pictures, and the rules for pictures that fit it.

Owns `Shape`, the rules of `--fit` and the reason for skipping a picture. Knows no file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.picture import BitDepth
from models.resolution import BASE_RESOLUTION, SQUARE, Size, size_of

Range = tuple[float, float]
AUTO = "auto"
Fit = Literal["square", "exact", "crop"]
FITS: tuple[Fit, ...] = ("square", "exact", "crop")


class UnfitPictureError(ValueError):
    """An unusable picture; the message is the reason.

    Parts that differ between pictures are in parentheses, so that equal reasons can be counted
    (`training.data.skipped`).
    """


@dataclass(frozen=True)
class Shape:
    """Size, channels and range of every prepared picture, and the rule for accepted pictures.

    Attributes:
        resolution: of the largest level (`models.resolution`).
        channels: 1 gray, 3 RGB (transparency is composited over white), 4 RGBA.
        fit: `square`: only pictures of the aspect ratio of `base`, by default square, with at least
            this size; `exact`: only pictures of exactly this size; `crop`: the centre of any
            picture at least as wide and as high.
        base: height and width at level 0; they determine the aspect ratio.
        value_range: values of deep gray pictures that become black and white, see
            `training.data.depth`; `auto`: minimum and maximum of each picture; None: those of
            their type.
        keep_profile: do not convert pictures with a colour profile.
        bit_depth: of the prepared pixels; with 16, see `training.data.gray16`.
    """

    resolution: int
    channels: int
    fit: Fit = "square"
    base: Size = SQUARE
    value_range: Range | str | None = None
    keep_profile: bool = False
    bit_depth: BitDepth = 8

    @property
    def size(self) -> Size:
        """Height and width in pixels."""
        return size_of(self.resolution, self.base)


def largest_within(size: Size, base: Size) -> int:
    """The largest resolution, any integer, that fits into `size` = (height, width)."""
    return min(BASE_RESOLUTION * side // part for side, part in zip(size, base, strict=True))


def require_fit(size: tuple[int, int], shape: Shape) -> None:
    """Reject a picture of `size` = (width, height) that does not fit.

    Raises:
        UnfitPictureError: the message states its size and the requirement.
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
