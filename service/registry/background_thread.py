"""Work beside serving: each piece on a thread of its own, of lower priority.

Owns such threads. They never keep the process alive. Knows nothing of the work.
"""

from __future__ import annotations

import logging
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

log = logging.getLogger(__name__)


class BackgroundThread:
    """Starts the threads, and knows whether one still runs."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    def run(self, job: Callable[[], T]) -> Future[T]:
        """Run `job` at once on a new thread; its result, or its error, is that of the future.

        A new one each time: the threads that libraries keep for it, as many as the engine has, end
        with it, and have its priority.
        """
        done: Future[T] = Future()

        def work() -> None:
            if done.set_running_or_notify_cancel():
                try:
                    lower_priority()
                    done.set_result(job())
                except BaseException as error:  # noqa: BLE001 - whatever it is, the caller gets it
                    done.set_exception(error)

        thread = threading.Thread(target=work, name="background", daemon=True)
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
    """Let other threads go first, where the system has priorities for threads and allows it."""
    if sys.platform != "linux":
        return
    thread = threading.get_native_id()
    try:
        niceness = os.getpriority(os.PRIO_PROCESS, thread) + NICENESS
        os.setpriority(os.PRIO_PROCESS, thread, min(niceness, HIGHEST_NICENESS))
    except OSError as error:  # a sandbox may forbid it, and the work must be done all the same
        log.warning("background work runs at the priority of serving: %s", error)
