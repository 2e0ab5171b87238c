"""The search over sizes, rotations and places, and the bound on chance."""

from __future__ import annotations

import numpy as np
import pytest

from service.watermark.alignment import (
    LARGEST_SCALE,
    SMALLEST_SCALE,
    align,
    best_shifts,
    coarse_grid,
    hypotheses_at,
)
from service.watermark.key import watermark_key
from service.watermark.pattern import carriers_of, tile_of
from service.watermark.spectrum import Spectrum, without_edges

CARRIERS = carriers_of(watermark_key())


def spectrum_of_tiles(down: int, right: int) -> Spectrum:
    """A plane of the mark alone, shifted."""
    tiles = np.tile(tile_of(watermark_key(), "a6164dfb"), (2, 2))
    return Spectrum(without_edges(np.roll(tiles, (down, right), (0, 1))))


@pytest.mark.parametrize(("down", "right"), [(0, 0), (5, 90), (127, 1)])
def test_a_shift_is_found_exactly(down: int, right: int) -> None:
    """The centre of these planes is a corner of a tile if nothing is shifted."""
    spectrum = spectrum_of_tiles(down, right)

    found = align(spectrum, spectrum, 256, CARRIERS)

    assert np.allclose(found.map, 0, atol=0.003)
    assert found.shift.tolist() == [down, right]
    assert found.evidence > 150


def test_the_grid_covers_its_range_and_has_the_identity() -> None:
    """A picture that was not resized is the most frequent one."""
    maps, step = coarse_grid(256)

    assert step == pytest.approx(4 / 256)
    assert np.exp(maps[:, 0].min()) == pytest.approx(SMALLEST_SCALE, rel=0.02)
    assert np.exp(maps[:, 0].max()) == pytest.approx(LARGEST_SCALE, rel=0.02)
    assert np.any(np.all(maps == 0, axis=1))
    assert hypotheses_at(256) == len(maps) * 15**3 * 128**2


def test_evidence_by_chance_stays_below_its_bound() -> None:
    """At one map, 4096 shifts and 400 keys: the share above `e` is at most `exp(-e)`."""
    random = np.random.default_rng(1)
    maps = np.zeros((1, 3))
    spectrum = Spectrum(without_edges(random.normal(0, 9, (128, 128)).astype(np.float32)))
    strongest = [
        best_shifts(spectrum, carriers_of(watermark_key(f"the key of a stranger {n}")), maps)[
            0
        ].evidence
        for n in range(20)
    ]

    assert max(strongest) < np.log(4096 * 20) + np.log(1000)
    assert min(strongest) > 3
