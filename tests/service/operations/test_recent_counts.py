"""Counts of the last minute, by a clock that the test moves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from service.operations.recent_counts import WINDOW_S, RecentCounts


@dataclass
class Clock:
    """A clock that stands still."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def test_events_are_forgotten_after_a_minute() -> None:
    """Each name by itself."""
    clock = Clock()
    counts = RecentCounts(clock)
    counts.add("a", 3)
    clock.now += WINDOW_S - 1
    counts.add("a")
    counts.add("b", 2)

    assert counts.totals() == {"a": 4, "b": 2}
    clock.now += 1
    assert counts.totals() == {"a": 1, "b": 2}
    clock.now += WINDOW_S
    assert counts.totals() == {}


def test_the_mean_is_that_of_the_time_since_the_start_or_of_the_last_minute() -> None:
    """Of a second at least, so that a first event does not look like thousands."""
    clock = Clock()
    counts = RecentCounts(clock)
    counts.add("a", 30)

    assert counts.per_second("a") == 30
    clock.now += 10
    assert counts.per_second("a") == 3
    for _ in range(10 * WINDOW_S):
        clock.now += 0.25
        counts.add("a")
    # 59 whole seconds of four events, and those of the second in progress
    assert counts.per_second("a") == pytest.approx(4, abs=2 / WINDOW_S)
    assert counts.per_second("b") == 0


def test_seconds_are_few_however_many_events_there_are() -> None:
    """Memory is bounded by the window."""
    clock = Clock()
    counts = RecentCounts(clock)
    for _ in range(5000):
        clock.now += 0.1
        counts.add("a")

    assert len(counts._seconds) == WINDOW_S


def test_events_of_several_threads_are_all_counted() -> None:
    """The engine's thread counts pictures while the event loop reads."""
    counts = RecentCounts(Clock())
    with ThreadPoolExecutor(4) as threads:
        for _ in range(4):
            threads.submit(lambda: [counts.add("a") for _ in range(2000)])

    assert counts.totals()["a"] == 8000
