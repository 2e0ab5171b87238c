"""Resolutions, levels and sizes of pictures, the same for every family of generators.

Owns the arithmetic of levels and its limits. Knows no network and no tensor.
A *level* doubles height and width of the level below. Level 0 is the base: 4x4, or another shape
with one side of 4, such as 4x6 (height x width). The *resolution* of a level is 4 * 2^level: the
length of the side that is 4 at the base, and therefore a power of two for every shape. With a base
of 4x4, height and width both equal the resolution.
"""

from __future__ import annotations

BASE_RESOLUTION = 4
MIN_RESOLUTION = 8
MAX_RESOLUTION = 1024
IMAGE_CHANNELS = (1, 3, 4)  # gray, RGB, RGBA
SHORTEST_BASE, LONGEST_BASE = 2, 16  # of the side of a base that is not 4

Size = tuple[int, int]  # height, width
SQUARE: Size = (BASE_RESOLUTION, BASE_RESOLUTION)  # the base of square pictures


def level_of(resolution: int) -> int:
    """The level of a resolution.

    Raises:
        ValueError: `resolution` is not a power of two from 4 to 1024.
    """
    level = resolution.bit_length() - BASE_RESOLUTION.bit_length()
    if level < 0 or resolution > MAX_RESOLUTION or resolution != BASE_RESOLUTION << level:
        raise ValueError(f"resolution {resolution} is not a power of two from 4 to 1024")
    return level


def resolution_of(level: int) -> int:
    """The resolution of a level: width and height of its images in pixels if they are square."""
    return BASE_RESOLUTION << level


def size_of(resolution: int, base: Size) -> Size:
    """Height and width in pixels of images at `resolution`, for a given `base`."""
    height, width = base
    return height * resolution // BASE_RESOLUTION, width * resolution // BASE_RESOLUTION


def require_base(base: Size) -> None:
    """Reject an invalid base.

    Raises:
        ValueError: neither side is 4, or the other is less than 2 or greater than 16.
    """
    fits = all(SHORTEST_BASE <= side <= LONGEST_BASE for side in base)
    if not fits or BASE_RESOLUTION not in base:
        raise ValueError(
            f"the base, height x width, needs one side of {BASE_RESOLUTION} and another from "
            f"{SHORTEST_BASE} to {LONGEST_BASE}, such as 4x6, not {base[0]}x{base[1]}"
        )
