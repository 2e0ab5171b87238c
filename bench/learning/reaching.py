"""Time at which a run reached a quality: evaluation of a curve of quality over time.

Owns only the arithmetic. Knows no run and no metric; lower values are better.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]  # seconds, value


def seconds_to(curve: Sequence[Point], target: float) -> float | None:
    """Return the time at which the curve first reached `target`, with linear interpolation.

    Args:
        curve: in ascending order of time. Nothing is known before its first point: for a curve that
            begins at the target or below it, the time of its first point is an upper bound.
        target: the value to reach.

    Returns:
        Seconds; None if it was never reached.
    """
    if curve and curve[0][1] <= target:
        return curve[0][0]
    for (before, high), (after, low) in pairwise(curve):
        if low <= target:
            return before + (after - before) * (high - target) / (high - low)
    return None


def times_faster(slow: Sequence[Point], quick: Sequence[Point]) -> float | None:
    """Return the ratio of the times at which `slow` and `quick` are as good as `slow` at its end.

    For `slow` this is the time at which it was first that good, which may lie before its end.

    Returns:
        The ratio of both times; None if `quick` never is as good, or `slow` has no points.
    """
    if not slow:
        return None
    target = slow[-1][1]
    usual, sooner = seconds_to(slow, target), seconds_to(quick, target)
    return None if usual is None or sooner is None else usual / sooner
