"""Background work during serving: each job runs on its own thread, at a lower priority.

Owns these threads, which are daemons: they do not keep the process alive. Knows nothing about the
jobs.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")

NICENESS = 10  # about a tenth of a core that serving uses, too; all of an idle core
HIGHEST_NICENESS = 19

log = logging.getLogger(__name__)


class BackgroundThread:
    """Starts the background threads and waits for them to end."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    def run(self, job: Callable[[], T]) -> Future[T]:
        """Start `job` on a new thread; the future has its result or its exception.

        Each job has a new thread because libraries start as many worker threads for it as for the
        engine: these have its priority and end with it.
        """
        done: Future[T] = Future()

        def work() -> None:
            if done.set_running_or_notify_cancel():
                try:
                    lower_priority()
                    done.set_result(job())
                except BaseException as error:  # noqa: BLE001 - any exception goes to the caller
                    done.set_exception(error)

        thread = threading.Thread(target=work, name="background", daemon=True)
        self._threads = [*(each for each in self._threads if each.is_alive()), thread]
        thread.start()
        return done

    async def result_of(self, job: Callable[[], T]) -> T:
        """The result of `job` on a new thread, or its exception."""
        return await asyncio.wrap_future(self.run(job))

    def ended(self, within_s: float) -> bool:
        """Wait up to `within_s` seconds for all threads; True if none is running."""
        until = time.monotonic() + within_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)


def lower_priority() -> None:
    """Lower the priority of the calling thread; only on Linux, and only if the system allows it."""
    if sys.platform != "linux":
        return
    thread = threading.get_native_id()
    try:
        niceness = os.getpriority(os.PRIO_PROCESS, thread) + NICENESS
        os.setpriority(os.PRIO_PROCESS, thread, min(niceness, HIGHEST_NICENESS))
    except OSError as error:  # a sandbox may forbid it; the job runs nevertheless
        log.warning("background work runs at the priority of serving: %s", error)
