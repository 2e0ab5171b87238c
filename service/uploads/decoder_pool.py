"""The threads that decode and examine uploads, and the limits on uploads in progress.

Owns the threads, the number of jobs that wait for one, and the bytes of all bodies in memory. The
threads have a lower priority than the engine, so that uploads do not delay pictures. All calls come
from the event loop. Knows neither formats nor HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from service.errors import QueueFull
from service.registry.background_thread import lower_priority

T = TypeVar("T")

MAX_JOBS = 16  # that run or wait
MAX_HELD_BYTES = 2**26  # of all bodies together
RETRY_S = 2  # seconds


class HeldBytes:
    """Bytes of one body, counted while they arrive."""

    def __init__(self, pool: DecoderPool) -> None:
        self._pool = pool
        self.size = 0

    def grow(self, size: int) -> None:
        """Count further bytes.

        Raises:
            QueueFull: all bodies together exceed the limit, and this is not the only one.
        """
        self._pool.hold(size, alone=self._pool.held_bytes == self.size)
        self.size += size


class DecoderPool:
    """Runs jobs on uploads off the event loop, and refuses them if too many are in progress.

    Args:
        threads: number of threads.
        max_jobs: number of jobs that may run or wait.
        max_bytes: limit on the bytes of all bodies; a single one is always admitted.

    Attributes:
        held_bytes: bytes of all bodies in memory.
    """

    def __init__(
        self, threads: int = 1, max_jobs: int = MAX_JOBS, max_bytes: int = MAX_HELD_BYTES
    ) -> None:
        self._executor = ThreadPoolExecutor(threads, "decoder", initializer=lower_priority)
        self._max_jobs = max_jobs
        self._max_bytes = max_bytes
        self._jobs = 0
        self.held_bytes = 0

    @contextmanager
    def holding(self) -> Generator[HeldBytes]:
        """Count the bytes of one body until it is no longer needed."""
        held = HeldBytes(self)
        try:
            yield held
        finally:
            self.held_bytes -= held.size

    def hold(self, size: int, *, alone: bool) -> None:
        """Count `size` bytes; `alone` admits them beyond the limit.

        Raises:
            QueueFull: the limit is exceeded.
        """
        if not alone and self.held_bytes + size > self._max_bytes:
            raise QueueFull(
                f"uploads in progress hold {self.held_bytes} bytes, and {self._max_bytes} may be "
                "held: try again",
                retry_after_s=RETRY_S,
            )
        self.held_bytes += size

    async def run(self, job: Callable[[], T]) -> T:
        """Run `job` on a thread; if the call is cancelled before one is free, it does not run.

        Raises:
            QueueFull: too many jobs run or wait.
        """
        if self._jobs >= self._max_jobs:
            raise QueueFull(
                f"{self._jobs} uploads are being examined, and {self._max_jobs} may be: try again",
                retry_after_s=RETRY_S,
            )
        self._jobs += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, job)
        finally:
            self._jobs -= 1

    def close(self) -> None:
        """Let the threads end; jobs that have not started are cancelled."""
        self._executor.shutdown(wait=False, cancel_futures=True)
