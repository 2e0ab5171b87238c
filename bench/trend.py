"""Test for growth of a measured quantity: the slope of a line through it, and its standard error.

Knows nothing of the measured quantity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Slope:
    """A slope and its standard error, in units per second."""

    value: float
    error: float

    def surely_above(self, bar: float) -> bool:
        """True if it exceeds `bar` by more than two standard errors."""
        return self.value - 2 * self.error > bar


def slope_of(times_s: Sequence[float], values: Sequence[float]) -> Slope:
    """Fit by least squares, with the error widened for the autocorrelation of the residuals.

    Successive values are correlated, so n samples hold less information than n independent ones:
    the effective number is n (1 - r) / (1 + r) for the lag-1 correlation r of the residuals
    (Santer et al. 2000, "Statistical significance of trends", section 3.1).

    Args:
        times_s: times, ascending and evenly spaced; at least four.
        values: values measured at these times.
    """
    if len(times_s) < 4:
        return Slope(float("nan"), float("nan"))
    t = np.asarray(times_s) - np.mean(times_s)
    y = np.asarray(values) - np.mean(values)
    slope = float(t @ y / (t @ t))
    residuals = y - slope * t
    power = float(residuals @ residuals)
    if power == 0.0:
        return Slope(slope, 0.0)
    r = min(max(float(residuals[1:] @ residuals[:-1]) / power, 0.0), 0.99)
    effective = max(len(y) * (1 - r) / (1 + r), 3.0)
    return Slope(slope, float(np.sqrt(power / (effective - 2) / (t @ t))))
