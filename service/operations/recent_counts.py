"""Counts of events in the last minute, for the status of the service.

Owns a counter for each second, and forgets it after a minute. Thread-safe: pictures are counted on
the engine's thread, refusals on the event loop. Names come from closed sets. Knows no events.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Final

WINDOW_S: Final = 60


class RecentCounts:
    """Counts by name over the last `WINDOW_S` seconds, the one in progress included.

    Args:
        clock: monotonic clock in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._seconds: deque[tuple[int, Counter[str]]] = deque()
        self._lock = threading.Lock()

    def add(self, name: str, count: int = 1) -> None:
        """Count `count` events now."""
        with self._lock:
            second = self._forget()
            if not self._seconds or self._seconds[-1][0] != second:
                self._seconds.append((second, Counter()))
            self._seconds[-1][1][name] += count

    def totals(self) -> Counter[str]:
        """Return the number of recent events by name."""
        with self._lock:
            self._forget()
            return sum((counts for _, counts in self._seconds), Counter[str]())

    def per_second(self, name: str) -> float:
        """Return the mean number of events in a second; over at least one second."""
        now = self._clock()
        covered_s = WINDOW_S - 1 + now % 1  # whole seconds before, and the part of this one
        return self.totals()[name] / max(1.0, min(covered_s, now - self._began))

    def _forget(self) -> int:
        """Remove seconds that are a minute old; return the number of this second."""
        second = int(self._clock())
        while self._seconds and self._seconds[0][0] <= second - WINDOW_S:
            self._seconds.popleft()
        return second
