"""The requests whose pictures are rendered or encoded now, for which bulk work stands aside.

Owns their number. Bulk work that would begin meanwhile would take the processor from them, also
while none of their images waits in the queue. Knows neither pictures nor HTTP.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager


class RequestsInProgress:
    """Counts requests; only one thread counts, any thread may look or wait.

    Args:
        on_none: called when the last one has ended.
    """

    def __init__(self, on_none: Callable[[], None]) -> None:
        self._on_none = on_none
        self._count = 0
        self._none = threading.Event()
        self._none.set()

    @property
    def any(self) -> bool:
        """True if there is one."""
        return not self._none.is_set()

    @contextmanager
    def one(self) -> Generator[None]:
        """Count one more until the end of the block."""
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()
                self._on_none()

    def wait_for_none(self, patience_s: float) -> None:
        """Wait until there is none, or for `patience_s` seconds."""
        self._none.wait(patience_s)
