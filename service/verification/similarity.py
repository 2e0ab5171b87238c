"""Similarity of a picture to the one that its recipe makes: PSNR and SSIM at a common size.

Owns the comparison and its thresholds. Both pictures are compared at the smaller of their sizes, so
that a picture that was made smaller, larger or compressed again is still recognised.
`bench/similarity.py` measures how often the thresholds accept a picture of another seed. Knows
neither recipes nor files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.picture import Pixels, as_shown, bit_depth_of, in_colour, in_eight_bits, on_white

MIN_PSNR_DB: Final = 24.0
MIN_SSIM: Final = 0.75
SMALLEST_COMPARED: Final = 16  # pixels; in smaller pictures other seeds look too similar
ASPECT_TOLERANCE: Final = 0.02
SSIM_WINDOW: Final = 7  # pixels
PERFECT_DB: Final = 99.0  # PSNR of equal pictures, whose error is 0
LUMA_WEIGHTS: Final = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601

LumaPlane = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Result of a comparison.

    Attributes:
        equal: True if all bytes of the pixels are equal; of a file of 8 bits and a recipe of 16,
            those of its 8-bit view.
        psnr_db: peak signal-to-noise ratio in dB, up to `PERFECT_DB`.
        ssim: structural similarity of luma (Wang et al. 2004), -1 to 1.
        width, height: size in pixels at which they were compared.
    """

    equal: bool
    psnr_db: float
    ssim: float
    width: int
    height: int

    @property
    def is_similar(self) -> bool:
        """True if both measures reach their thresholds, at a size where that means something."""
        large_enough = min(self.width, self.height) >= SMALLEST_COMPARED
        return large_enough and self.psnr_db >= MIN_PSNR_DB and self.ssim >= MIN_SSIM


def has_shape_of(seen: Pixels, made: Pixels) -> bool:
    """True if both pictures `[H, W, C]` have the same proportions, up to rounding."""
    (height, width), (high, wide) = seen.shape[:2], made.shape[:2]
    rounding = 1 / min(height, width)
    return abs(width * high / (height * wide) - 1) <= ASPECT_TOLERANCE + rounding


def similarity(seen: Pixels, made: Pixels) -> Comparison:
    """Compare a picture with the one that its recipe makes.

    Args:
        seen: the picture to judge, `[H, W, C]` of any size.
        made: the picture of the recipe, `[H, W, C]`.
    """
    seen, made = in_one_depth(seen, made)
    a, b = in_colour(seen), in_colour(made)
    if a.shape == b.shape and np.array_equal(a, b):
        return Comparison(True, PERFECT_DB, 1.0, a.shape[1], a.shape[0])
    a, b = on_white(in_eight_bits(a)), on_white(in_eight_bits(b))
    width, height = min(a.shape[1], b.shape[1]), min(a.shape[0], b.shape[0])
    a, b = resized(a, width, height), resized(b, width, height)
    return Comparison(False, psnr_db(a, b), ssim(a, b), width, height)


def in_one_depth(seen: Pixels, made: Pixels) -> tuple[Pixels, Pixels]:
    """Return both pictures in the smaller of their bit depths."""
    if bit_depth_of(seen) == bit_depth_of(made):
        return seen, made
    if bit_depth_of(made) == 16:
        return seen, in_eight_bits(made)
    return (seen >> 8).astype(
        np.uint8
    ), made  # both common ways to widen 8 bits keep the upper byte


def resized(pixels: Pixels, width: int, height: int) -> Pixels:
    """Resize a picture `[H, W, C]`; each new pixel is the mean of the area that it covers."""
    if pixels.shape[:2] == (height, width):
        return pixels
    image = Image.fromarray(as_shown(pixels)).resize((width, height), Image.Resampling.BOX)
    return np.asarray(image).reshape(height, width, -1)


def psnr_db(a: Pixels, b: Pixels) -> float:
    """Peak signal-to-noise ratio in dB of two pictures of one shape, up to `PERFECT_DB`."""
    error = float(np.mean(np.square(a.astype(np.float32) - b)))
    return PERFECT_DB if error == 0.0 else min(PERFECT_DB, float(10 * np.log10(255**2 / error)))


def ssim(a: Pixels, b: Pixels) -> float:
    """Mean structural similarity of the luma of two RGB pictures (Wang et al. 2004, section III).

    A uniform window of `SSIM_WINDOW` pixels takes the place of the Gaussian one.
    """
    x, y = luma_of(a), luma_of(b)
    mean_x, mean_y = _window_mean(x), _window_mean(y)
    var_x = _window_mean(x * x) - mean_x**2
    var_y = _window_mean(y * y) - mean_y**2
    covariance = _window_mean(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    structure = (2 * covariance + c2) / (var_x + var_y + c2)
    return float(np.mean((2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1) * structure))


def luma_of(pixels: Pixels) -> LumaPlane:
    """Return the luma of an RGB picture: float64 `[H, W]`, 0 to 255."""
    plane: LumaPlane = pixels.astype(np.float64) @ LUMA_WEIGHTS
    return plane


def _window_mean(plane: LumaPlane) -> LumaPlane:
    """Return the mean of each window that lies inside `[H, W]`; a small picture is one window."""
    for axis in (0, 1):
        size = min(SSIM_WINDOW, plane.shape[axis])
        count = plane.shape[axis] - size + 1
        zeros = np.zeros_like(plane.take([0], axis))
        sums: LumaPlane = np.cumsum(np.concatenate([zeros, plane], axis), axis)
        steps = [size + k for k in range(count)]
        plane = (sums.take(steps, axis) - sums.take(range(count), axis)) / size
    return plane
