"""Separation of the capture of CUDA graphs from all other work on a device.

Owns the rule: one capture at a time in a process, and no other work beside it. While any stream of
a device captures, to synchronise the device or to free its memory is an error that breaks the
capture, on any thread and in every capture mode; and torch synchronises at the start of a capture.
Knows no device.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache


class CaptureGate:
    """Lets many threads work, or one thread capture; a capture that waits goes first.

    Without that order, an engine under load would never let another thread capture.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._workers: set[int] = set()  # threads
        self._waiting = 0
        self._capturing: int | None = None

    @property
    def capture_waits(self) -> bool:
        """True while a thread waits for the others to leave."""
        return self._waiting > 0

    @contextmanager
    def work(self) -> Generator[None]:
        """Context of work during which nothing is captured; may be nested."""
        thread = threading.get_ident()
        if thread in self._workers or thread == self._capturing:
            yield
            return
        with self._changed:
            self._changed.wait_for(lambda: self._capturing is None and not self._waiting)
            self._workers.add(thread)
        try:
            yield
        finally:
            with self._changed:
                self._workers.discard(thread)
                self._changed.notify_all()

    @contextmanager
    def capture(self) -> Generator[None]:
        """Context of a capture during which no other thread works.

        Inside `work`, that is suspended while this thread waits, so that two threads that work
        and want to capture do not wait for each other.
        """
        thread = threading.get_ident()
        with self._changed:
            inside = thread in self._workers
            self._workers.discard(thread)
            self._waiting += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._capturing is None and not self._workers)
            self._waiting -= 1
            self._capturing = thread
        try:
            yield
        finally:
            with self._changed:
                self._capturing = None
                if inside:
                    self._workers.add(thread)
                self._changed.notify_all()


@cache
def capture_gate() -> CaptureGate:
    """Return the gate of this process, a single one, as torch allows one capture in a process."""
    return CaptureGate()
