"""When the engine's thread last showed that it lives, and how long it may honestly be silent.

Owns these two numbers. The engine's thread writes them, any other reads; knows nothing of batches.
"""

from __future__ import annotations

from collections.abc import Callable


class Heartbeat:
    """The pulse of one thread.

    Args:
        clock: seconds, monotonic.

    Attributes:
        last: the clock's time in seconds of the last beat.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._allowed_s = 0.0
        self.last = clock()

    def beat(self, allowed_s: float = 0.0) -> float:
        """Show life before work that may take `allowed_s` seconds; returns the clock's time."""
        self.last, self._allowed_s = self._clock(), allowed_s
        return self.last

    @property
    def age_s(self) -> float:
        """Seconds since the last beat."""
        return self._clock() - self.last

    @property
    def overdue_s(self) -> float:
        """Seconds of silence beyond what the work in hand may take."""
        return max(0.0, self.age_s - self._allowed_s)
