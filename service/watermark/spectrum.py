"""The spectrum of a picture, prepared so that a weak mark stands out from edges and flat colours.

Owns the conversion of pixels to brightness, the removal of edges, and the value of the spectrum at
any frequency. Knows no key.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.picture import Pixels, on_white

Plane = NDArray[np.float32]  # [H, W]

LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)  # of R, G, B (ITU-R BT.601, as in JPEG)
EDGE: Final = 3.0  # differences above this multiple of the typical one count as edges
TYPICAL_AT_LEAST: Final = 0.35  # steps of 255 between neighbours: pure colours have no differences


def brightness_of(pixels: Pixels) -> Plane:
    """Return the brightness `[H, W]`, 0 to 255; transparent pictures lie on white."""
    shown = on_white(pixels)
    return shown[..., 0].astype(np.float32) if shown.shape[2] == 1 else shown @ LUMA


def centre_of(plane: Plane, side: int) -> Plane:
    """Return the middle of a plane, at most `side` pixels each way."""
    top, left = (max(0, (length - side) // 2) for length in plane.shape)
    return plane[top : top + side, left : left + side]


def without_edges(plane: Plane) -> Plane:
    """Return the Laplacian of a plane from which the differences across edges are left out.

    An edge of a drawing is a hundred times as strong as a mark, and contains all frequencies. The
    differences to both neighbours are computed, those that are far above the typical one are
    reduced, and the others are summed up again.
    """
    smooth = _smoothed(_smoothed(plane.T).T)
    down, right = np.diff(smooth, axis=0), np.diff(smooth, axis=1)
    typical = (np.median(np.abs(down)) + np.median(np.abs(right))) / 2
    limit = np.float32(EDGE * max(float(typical), TYPICAL_AT_LEAST))
    down, right = _reduced(down, limit), _reduced(right, limit)
    result = np.zeros_like(smooth)
    result[1:] += down
    result[:-1] -= down
    result[:, 1:] += right
    result[:, :-1] -= right
    return result


class Spectrum:
    """The Fourier transform of a plane, at any frequency.

    The plane is padded to at least twice its size, so that linear interpolation between the values
    of the transform loses little; its centre is the origin, so that phases vary slowly.
    """

    def __init__(self, plane: Plane) -> None:
        height, width = plane.shape
        self.side = 1 << (2 * max(height, width) - 1).bit_length()
        padded = np.zeros((self.side, self.side), np.float32)
        padded[:height, :width] = plane
        centred = np.roll(padded, (-(height // 2), -(width // 2)), (0, 1))
        self._values = np.fft.fft2(centred).astype(np.complex64).ravel()

    def at(self, frequencies: NDArray[np.float64]) -> NDArray[np.complex64]:
        """Return the values `[...]` at frequencies `[..., 2]` (down, right), cycles per pixel."""
        places = frequencies * self.side
        whole = np.floor(places).astype(np.int64)
        low, high = (whole & (self.side - 1)), ((whole + 1) & (self.side - 1))
        beyond = (places - whole).astype(np.float32)
        down, right = beyond[..., 0], beyond[..., 1]
        upper, lower = low[..., 0] * self.side, high[..., 0] * self.side
        at, values = (low[..., 1], high[..., 1]), self._values
        above = (1 - right) * values[upper + at[0]] + right * values[upper + at[1]]
        below = (1 - right) * values[lower + at[0]] + right * values[lower + at[1]]
        return (1 - down) * above + down * below


def _smoothed(plane: Plane) -> Plane:
    """Mean of each row with both neighbours, weights 1, 2, 1."""
    padded = np.concatenate([plane[:1], plane, plane[-1:]])
    return ((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4).astype(np.float32, copy=False)


def _reduced(differences: Plane, limit: np.float32) -> Plane:
    """Keep small differences; above the limit they fall off as the third power."""
    return differences / (np.square(np.square(differences / limit)) + np.float32(1))
