"""The pattern of a watermark: what is added to the brightness of a picture.

Owns the frequencies of the periodic tile, and which of them locate the mark and which carry the
payload. The same key, digest and size give the same numbers on every machine. Knows no picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.watermark.key import WatermarkKey
from service.watermark.payload import CODED_BITS, encode_message, message_of

TILE: Final = 128  # pixels, the period in both directions
LOWEST: Final = 7.0  # cycles per tile: below it pictures have most of their energy
HIGHEST: Final = 20.5  # cycles per tile: above it a picture of half the size has nothing left
PILOT_SHARE: Final = 0.4
LIMIT: Final = 1.5  # peaks of a tile fall off towards this multiple of its root mean square
VALUES_PER_STEP: Final = (
    64  # values are multiples of 1/64: the rounding of a machine's FFT is far below
)

TWO_PI: Final = 2 * np.pi


@dataclass(frozen=True)
class Carriers:
    """The frequencies of a key, in cycles per tile, `[n, 2]` as (down, right), and their phases.

    Attributes:
        pilots: frequencies that depend on the key alone.
        pilot_values: complex `[n]` of modulus 1.
        bearers: frequencies that carry coded bits, two each.
        bearer_values: complex `[m]` of modulus 1, the phase at which both bits are 1.
        slots: `[m, 2]`, index of the coded bit on the real and on the imaginary axis.
    """

    pilots: NDArray[np.intp]
    pilot_values: NDArray[np.complex128]
    bearers: NDArray[np.intp]
    bearer_values: NDArray[np.complex128]
    slots: NDArray[np.intp]


@lru_cache(maxsize=64)
def carriers_of(key: WatermarkKey) -> Carriers:
    """Return the frequencies of a key, and their division, in an order that the key draws."""
    lattice = _lattice()
    order = np.argsort(key.numbers("order", len(lattice)), kind="stable")
    phases = key.numbers("phases", len(lattice)) / 2.0**32
    values = np.exp(1j * TWO_PI * phases)
    lattice = lattice[order]
    pilots = round(PILOT_SHARE * len(lattice))
    slots = np.arange(2 * (len(lattice) - pilots)) % CODED_BITS
    return Carriers(
        lattice[:pilots], values[:pilots], lattice[pilots:], values[pilots:], slots.reshape(-1, 2)
    )


def _lattice() -> NDArray[np.intp]:
    """Frequencies of the band, one of each pair of opposite ones: `[n, 2]`."""
    side = int(HIGHEST)
    down, right = np.mgrid[0 : side + 1, -side : side + 1]
    radius = np.hypot(down, right)
    half = (down > 0) | (right > 0)
    return np.argwhere((radius >= LOWEST) & (radius <= HIGHEST) & half) - [0, side]


def symbols_of(carriers: Carriers, coded: NDArray[np.uint8]) -> NDArray[np.complex128]:
    """Return the complex values of the bearers for coded bits `[162]`, modulus 1."""
    signs = (coded.astype(np.float64) * 2 - 1)[carriers.slots]
    return carriers.bearer_values * (signs[:, 0] + 1j * signs[:, 1]) / np.sqrt(2)


def tile_of(key: WatermarkKey, prefix: str) -> NDArray[np.float32]:
    """Return one period `[128, 128]` of root mean square 1, for 8 digits of a model's digest."""
    carriers = carriers_of(key)
    spectrum = np.zeros((TILE, TILE), np.complex128)
    for places, values in (
        (carriers.pilots, carriers.pilot_values),
        (carriers.bearers, symbols_of(carriers, encode_message(message_of(prefix)))),
    ):
        spectrum[tuple(places.T % TILE)] = values
        spectrum[tuple(-places.T % TILE)] = values.conj()
    tile: NDArray[np.float64] = np.fft.ifft2(spectrum).real
    # A peak would be seen first, and seen again in each tile.
    tile = np.tanh(tile / (LIMIT * np.sqrt(np.mean(tile**2))))
    tile /= np.sqrt(np.mean(tile**2))
    return (np.round(tile * VALUES_PER_STEP) / VALUES_PER_STEP).astype(np.float32)


def pattern_of(key: WatermarkKey, prefix: str, height: int, width: int) -> NDArray[np.float32]:
    """Return the pattern of a picture `[height, width]`, root mean square about 1."""
    rows, columns = -(-height // TILE), -(-width // TILE)
    return np.tile(tile_of(key, prefix), (rows, columns))[:height, :width].copy()
