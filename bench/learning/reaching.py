"""When a run was as good as something: reading a curve of quality over time.

Owns the arithmetic alone. Knows no run and no metric; lower values are better.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]  # seconds, value


def seconds_to(curve: Sequence[Point], target: float) -> float | None:
    """When the curve first came down to `target`, on straight lines between its points.

    Args:
        curve: in ascending order of time. Nothing is known before its first point: a curve that
            begins at the target or below it came there at its first point at the latest.
        target: the value to come to.

    Returns:
        Seconds; None if it never did.
    """
    if curve and curve[0][1] <= target:
        return curve[0][0]
    for (before, high), (after, low) in pairwise(curve):
        if low <= target:
            return before + (after - before) * (high - target) / (high - low)
    return None


def times_faster(slow: Sequence[Point], quick: Sequence[Point]) -> float | None:
    """How many times sooner `quick` is as good as `slow` is at its end.

    `slow` is given the moment at which it was first that good, which may lie before its end.

    Returns:
        The ratio of both times; None if `quick` never is as good, or `slow` has no points.
    """
    if not slow:
        return None
    target = slow[-1][1]
    usual, sooner = seconds_to(slow, target), seconds_to(quick, target)
    return None if usual is None or sooner is None else usual / sooner
