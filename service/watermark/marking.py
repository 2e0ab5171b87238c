"""The addition of a watermark to one picture, before its values are rounded.

Owns the strength at each pixel: weak on flat colours, where the eye would find it, stronger in
texture and beside edges. Each picture is computed alone, by operations on single values in a fixed
order, so that no other picture, thread or machine changes a bit of it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.watermark.spectrum import LUMA

SMALLEST_MARKED: Final = (
    128  # pixels of the shorter side; a smaller picture cannot hold the payload
)

FLAT: Final = 0.95  # root mean square of the mark on flat colours, in steps of 255
STRONGEST: Final = 2.0  # and at most, beside edges
GAIN: Final = 0.35  # relative increase for a mean difference of one step between neighbours
EDGE_COUNTS: Final = 4.0  # steps: a larger difference counts as this one
STEPS_PER_UNIT: Final = 127.5  # of 255, for a change of 1 of the network's values

Planes = NDArray[np.float32]  # [C, H, W], values of the network, nominally -1 to 1


def marked(picture: Planes, pattern: NDArray[np.float32]) -> Planes:
    """Return a picture with a watermark; transparency stays.

    Args:
        picture: gray, RGB or RGBA `[C, H, W]`; values beyond -1 and 1 are clipped.
        pattern: `[H, W]` of root mean square 1.
    """
    clipped = np.clip(picture, np.float32(-1), np.float32(1))
    colours = min(len(clipped), 3)
    change = strength_of(clipped[:colours]) * pattern * np.float32(1 / STEPS_PER_UNIT)
    clipped[:colours] += change
    return clipped


def strength_of(colours: Planes) -> NDArray[np.float32]:
    """Return the strength `[H, W]` in steps of 255 for a gray or RGB picture.

    It is computed from every second pixel of every second row, and is constant over 2 x 2 pixels.
    """
    height, width = colours.shape[1:]
    half = colours[:, ::2, ::2] * np.float32(STEPS_PER_UNIT)
    plane = half[0] if len(half) == 1 else _luma(half)
    limit = np.float32(EDGE_COUNTS)
    activity = np.zeros_like(plane)
    activity[1:] = np.minimum(np.abs(plane[1:] - plane[:-1]), limit)
    activity[:, 1:] += np.minimum(np.abs(plane[:, 1:] - plane[:, :-1]), limit)
    spread = _means_of_four(_means_of_four(activity).T).T
    coarse = np.minimum(FLAT + FLAT * GAIN / 2 * spread, STRONGEST).astype(np.float32)
    return coarse.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]


def _luma(colours: Planes) -> NDArray[np.float32]:
    red, green, blue = LUMA
    return colours[0] * red + colours[1] * green + colours[2] * blue


def _means_of_four(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of each row, the two before it and the one after it; the borders are repeated."""
    padded = np.concatenate([plane[:1], plane[:1], plane, plane[-1:]])
    pairs = padded[1:] + padded[:-1]
    return ((pairs[2:] + pairs[:-2]) / 4).astype(np.float32, copy=False)
