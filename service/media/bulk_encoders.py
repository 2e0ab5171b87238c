"""The threads that encode the pictures of data sets, at a lower priority than all others.

Owns these threads. The encoders of requests never wait for them; they begin no picture while a
request is in progress, but for some progress every now and then. Knows no formats.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from service.registry.background_thread import lower_priority

T = TypeVar("T")

STANDS_ASIDE_S = 0.5  # at most, before each picture


class BulkEncoders:
    """Runs jobs off the event loop, at a lower priority.

    Args:
        threads: number of threads, which are started when they are needed.
        stand_aside: waits until no request is in progress, or for the given seconds.
    """

    def __init__(self, threads: int, stand_aside: Callable[[float], None]) -> None:
        self._stand_aside = stand_aside
        self._executor = ThreadPoolExecutor(threads, "bulk-encoder", initializer=lower_priority)

    async def run(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Run jobs of one picture each on one thread; none if cancelled before one is free."""

        def run_all() -> list[T]:
            made: list[T] = []
            for job in jobs:
                self._stand_aside(STANDS_ASIDE_S)
                made.append(job())
            return made

        return await asyncio.get_running_loop().run_in_executor(self._executor, run_all)

    def close(self) -> None:
        """Let the threads end; jobs that have not started are cancelled."""
        self._executor.shutdown(wait=False, cancel_futures=True)
