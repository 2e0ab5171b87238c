"""The encoder threads, and the limit on the pictures that wait for them.

Owns the threads, the predicted seconds of encoding and the bytes of pictures that are admitted and
not encoded yet. All calls come from the event loop. Knows neither formats nor routes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from service.batching.predictor import PredictedWork, WorkPredictor
from service.batching.recipe import Recipe
from service.errors import QueueFull

T = TypeVar("T")

MAX_CHANNELS = 3  # maximal bytes per pixel
MAX_UNENCODED_BYTES = 2**29  # 170 pictures of 1024 px; a single request is always admitted
LONGEST_RETRY_S = 600


class EncoderPool:
    """Encodes outside the event loop, and refuses requests if too many pictures wait.

    Args:
        threads: number of encoder threads.
        max_bytes: limit on the bytes of pictures that are admitted and not encoded yet; a request
            is always admitted if no other one waits.
    """

    def __init__(self, threads: int, max_bytes: int = MAX_UNENCODED_BYTES) -> None:
        self._threads = threads
        self._max_bytes = max_bytes
        self._executor = ThreadPoolExecutor(threads, "encoder")
        self._predictor = WorkPredictor()
        self.unencoded_bytes = 0
        self._promised_s = 0.0

    @property
    def ahead_s(self) -> float:
        """Predicted seconds until all admitted pictures are encoded."""
        return self._promised_s / self._threads

    def seconds(self, recipes: Sequence[Recipe], image_format: str) -> float:
        """Predict the seconds of encoding pictures into one file."""
        return self._predictor.seconds(_by_format(recipes, image_format), len(recipes))

    @contextmanager
    def promised(self, count: int, area: int, seconds: float) -> Generator[None]:
        """Count the pictures of a request from its admission until they are encoded.

        Args:
            count: number of pictures.
            area: number of pixels of each picture.
            seconds: predicted seconds of their encoding, as returned by `seconds`.

        Raises:
            QueueFull: too many bytes of pictures wait already.
        """
        size = count * area * MAX_CHANNELS
        if self.unencoded_bytes and self.unencoded_bytes + size > self._max_bytes:
            raise QueueFull(
                f"{self.unencoded_bytes} bytes of pictures wait to be encoded, this request would "
                f"add {size}, and {self._max_bytes} may wait",
                retry_after_s=min(LONGEST_RETRY_S, int(self.ahead_s) + 1),
            )
        self.unencoded_bytes += size
        self._promised_s += seconds
        try:
            yield
        finally:
            self.unencoded_bytes -= size
            self._promised_s = max(0.0, self._promised_s - seconds)

    async def run(
        self, recipes: Sequence[Recipe], image_format: str, make: Callable[[], T]
    ) -> tuple[T, float]:
        """Run `make` on an encoder thread; return its result and the seconds that it took.

        If the call is cancelled before a thread is free, `make` does not run.
        """

        def timed() -> tuple[T, float]:
            began = time.perf_counter()
            made = make()
            return made, time.perf_counter() - began

        made, took = await asyncio.get_running_loop().run_in_executor(self._executor, timed)
        if recipes:
            self._predictor.observe(_by_format(recipes, image_format), took)
        return made, took

    def close(self) -> None:
        """Let the threads end; jobs that have not started are cancelled."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _by_format(recipes: Sequence[Recipe], image_format: str) -> list[PredictedWork]:
    """Return work for the predictor, with the format in place of the model."""
    return [PredictedWork(image_format, recipe.resolution) for recipe in recipes]
