"""The search for a watermark of unknown size, rotation and place.

Owns the grid of hypotheses and their evidence. The pilots of a key are a pattern with a period of
128 pixels. In a picture that was resized, rotated or cropped, a linear map changes their
frequencies, and a shift their phases: each map needs a few hundred values of the spectrum, and one
small Fourier transform gives all its shifts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.watermark.pattern import TILE, TWO_PI, Carriers
from service.watermark.spectrum import Spectrum

SMALLEST_SCALE: Final = 0.45
LARGEST_SCALE: Final = 2.2
LARGEST_ANGLE: Final = 0.04  # radians; 2.3 degrees
STEP_TIMES_SIDE: Final = 4.0  # between neighbours most of a mark's phase is kept
COARSE_SHIFTS: Final = 64  # per direction; the pilots have at most 20 periods in a tile
REFINEMENTS: Final = 3  # each halves the step, and looks at 26 neighbours
REFINED_MAPS: Final = 3  # coarse hypotheses that are refined
BATCH: Final = 128  # hypotheses at a time: bounds the memory to about 20 MB
NEARLY_ZERO: Final = 1e-30  # instead of zero in divisors

LinearMaps = NDArray[np.float64]  # [n, 3]: logarithm of the scale down, and right, angle in radians


@dataclass(frozen=True)
class Alignment:
    """A hypothesis, and the evidence of the pilots for it.

    Attributes:
        map: logarithm of the scale down and right, and the angle in radians.
        shift: place of a corner of a tile, down and right from the centre of the plane, in pixels
            of the unchanged picture.
        total: sum of the aligned values of the pilots, real part.
        energy: sum of their squared moduli.
    """

    map: NDArray[np.float64]
    shift: NDArray[np.float64]
    total: float
    energy: float

    @property
    def evidence(self) -> float:
        """`total^2 / energy`; by chance it exceeds `e` with a probability of at most `exp(-e)`.

        Under another key each aligned value `a` has a uniform phase, whatever the picture is. Then
        `E exp(t * total) = product of I0(t * |a|) <= exp(t^2 * energy / 4)`, and Chernoff's bound
        gives this probability.
        """
        return self.total**2 / self.energy

    def bearers(self, spectrum: Spectrum, carriers: Carriers) -> NDArray[np.complex128]:
        """Return the aligned values `[m]` of the frequencies that carry the payload."""
        places = carriers.bearers
        values = _values_at(spectrum, places, self.map[None])[0]
        turned = np.exp(1j * TWO_PI / TILE * (places @ self.shift))
        return values * turned * carriers.bearer_values.conj()


def coarse_grid(side: int) -> tuple[LinearMaps, float]:
    """Return maps with equal scales for a plane of `side` pixels, and the step between them."""
    step = STEP_TIMES_SIDE / side
    smallest, largest = int(math.log(SMALLEST_SCALE) / step), int(math.log(LARGEST_SCALE) / step)
    most = int(LARGEST_ANGLE / step)
    pairs = product(range(smallest, largest + 1), range(-most, most + 1))
    return np.array([(scale, scale, angle) for scale, angle in pairs]) * step, step


def hypotheses_at(side: int) -> float:
    """The number of hypotheses that `align` can return: refined maps, times shifts."""
    ways = 2 ** (REFINEMENTS + 1) - 1
    return len(coarse_grid(side)[0]) * float(ways) ** 3 * TILE**2


def align(coarse: Spectrum, fine: Spectrum, side: int, carriers: Carriers) -> Alignment:
    """Return the alignment with the strongest evidence.

    Args:
        coarse: spectrum of the middle of a plane.
        fine: spectrum of the whole plane, for the refinement.
        side: the larger side of the middle.
        carriers: frequencies of the key.
    """
    maps, step = coarse_grid(side)
    promising = np.argsort([each.evidence for each in best_shifts(coarse, carriers, maps)])[
        -REFINED_MAPS:
    ]
    refined = [_refined(fine, carriers, maps[place], step) for place in promising]
    return max(refined, key=lambda each: each.evidence)


def best_shifts(
    spectrum: Spectrum, carriers: Carriers, maps: LinearMaps, shifts: int = COARSE_SHIFTS
) -> list[Alignment]:
    """Return the alignment of each map at its best shift, of `shifts` in each direction."""
    found: list[Alignment] = []
    rows, columns = (carriers.pilots % shifts).T
    for start in range(0, len(maps), BATCH):
        batch = maps[start : start + BATCH]
        values = _values_at(spectrum, carriers.pilots, batch)
        grid = np.zeros((len(batch), shifts, shifts), np.complex64)
        grid[:, rows, columns] = values * carriers.pilot_values.conj()
        sums = np.fft.ifft2(grid, norm="forward").real.reshape(len(batch), -1)
        best = sums.argmax(axis=1)
        totals = sums[np.arange(len(batch)), best].clip(0).tolist()
        energies = (np.sum(np.abs(values) ** 2, axis=1) + NEARLY_ZERO).tolist()
        where = np.stack(np.divmod(best, shifts), axis=1) * (TILE / shifts)
        found += map(Alignment, batch, where, totals, energies)
    return found


def _refined(
    spectrum: Spectrum, carriers: Carriers, start: NDArray[np.float64], step: float
) -> Alignment:
    """Return the best alignment near a map; each step is half as wide as the one before."""
    around = np.array([*product((-1, 0, 1), repeat=3)])
    best = Alignment(start, np.zeros(2), 0.0, 1.0)
    for halving in range(1, REFINEMENTS + 1):
        maps = best.map + around * step / 2**halving
        tried = best_shifts(spectrum, carriers, maps, TILE)
        best = max(tried, key=lambda each: each.evidence)
    return best


def _values_at(
    spectrum: Spectrum, places: NDArray[np.intp], maps: LinearMaps
) -> NDArray[np.complex64]:
    """Return values `[n, k]` at the mapped frequencies `[k, 2]`, of equal weight over the band.

    Values above the median modulus are reduced to it, so that no single frequency decides.
    """
    cosine, sine = np.cos(maps[:, 2:]), np.sin(maps[:, 2:])
    down, right = (places[:, axis] / np.exp(maps[:, axis : axis + 1]) / TILE for axis in (0, 1))
    mapped = np.stack([cosine * down + sine * right, cosine * right - sine * down], axis=-1)
    values = spectrum.at(mapped) / np.sum(places**2, axis=1)  # the Laplacian grows as the square
    modulus = np.abs(values)
    median = np.median(modulus, axis=-1, keepdims=True)
    return (values / np.maximum(modulus, median + NEARLY_ZERO)).astype(np.complex64)
