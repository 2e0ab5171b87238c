"""The threads that encode the pictures of data sets, at a lower priority than all others.

Owns these threads. The encoders of requests never wait for them. Knows no formats.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from service.registry.background_thread import lower_priority

T = TypeVar("T")


class BulkEncoders:
    """Runs jobs off the event loop, at a lower priority.

    Args:
        threads: number of threads, which are started when they are needed.
    """

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, "bulk-encoder", initializer=lower_priority)

    async def run(self, job: Callable[[], T]) -> T:
        """Run `job` on a thread; if the call is cancelled before one is free, it does not run."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, job)

    def close(self) -> None:
        """Let the threads end; jobs that have not started are cancelled."""
        self._executor.shutdown(wait=False, cancel_futures=True)
