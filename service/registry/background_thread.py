"""Work beside the service: each on a thread of its own that steps back and ends with its work.

Owns such threads and their low priority. Such a thread never keeps the process alive. Knows nothing
of what is done on it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")

NICENESS = 10  # a tenth of a core that serving wants, too; all of one that nobody wants
HIGHEST_NICENESS = 19


class BackgroundThread:
    """Starts the threads, and knows whether one still runs."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    def run(self, job: Callable[[], T]) -> Future[T]:
        """The result of `job`, which begins at once on a new thread.

        A new one each time: the threads that libraries keep for it, as many as the engine has, end
        with it, and have its priority.
        """
        done: Future[T] = Future()

        def work() -> None:
            lower_priority()
            if done.set_running_or_notify_cancel():
                try:
                    done.set_result(job())
                except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets it
                    done.set_exception(error)

        thread = threading.Thread(target=work, name="aside", daemon=True)
        self._threads = [*(each for each in self._threads if each.is_alive()), thread]
        thread.start()
        return done

    def ended(self, within_s: float) -> bool:
        """Whether none runs any more, after waiting for them a while."""
        until = time.monotonic() + within_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)


def lower_priority() -> None:
    """Let other threads go first, where the system has priorities for threads."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        niceness = os.getpriority(os.PRIO_PROCESS, thread) + NICENESS
        os.setpriority(os.PRIO_PROCESS, thread, min(niceness, HIGHEST_NICENESS))
