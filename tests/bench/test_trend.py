"""Slopes: what is there is found, what is not is not, and neighbours alike make it less sure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats

from bench.trend import Slope, slope_of

TIMES = list(range(200))


def noise(seed: int, likeness: float = 0.0) -> list[float]:
    """Unit noise in which each value keeps a share of the one before."""
    chance = np.random.default_rng(seed)
    values = [0.0]
    for shock in chance.standard_normal(len(TIMES)):
        values.append(likeness * values[-1] + shock)
    return values[1:]


def plain_slope_of(values: Sequence[float]) -> Slope:
    """The slope and its error as scipy has them."""
    line: Any = stats.linregress(TIMES, values)
    return Slope(line.slope, line.stderr)


def test_slope_and_error_are_those_of_a_least_squares_line() -> None:
    """As scipy has them, where nothing is shared between neighbours."""
    alternating = [v * (-1) ** n for n, v in enumerate(np.abs(noise(1)))]
    values = [0.5 * t + v for t, v in zip(TIMES, alternating, strict=True)]
    known = plain_slope_of(values)
    found = slope_of(TIMES, values)

    assert found.value == pytest.approx(known.value)
    assert found.error == pytest.approx(known.error)


def test_neighbours_that_are_alike_make_a_slope_less_sure() -> None:
    """Of a walk without a trend, two errors hold the slope in nearly all cases."""
    slopes = [slope_of(TIMES, noise(seed, likeness=0.8)) for seed in range(100)]
    plain = [plain_slope_of(noise(seed, likeness=0.8)) for seed in range(100)]

    assert sum(slope.surely_above(0.0) for slope in slopes) <= 10
    assert sum(slope.surely_above(0.0) for slope in plain) > 10


def test_a_line_without_noise_is_sure() -> None:
    """The slope alone, without an error."""
    assert slope_of([0.0, 1.0, 2.0, 3.0], [5.0] * 4) == Slope(0.0, 0.0)


def test_three_points_tell_nothing() -> None:
    """Neither do none, and nothing is sure then."""
    found = slope_of([0.0, 1.0, 2.0], [1.0, 2.0, 3.0])

    assert math.isnan(found.value)
    assert not found.surely_above(0.0)
