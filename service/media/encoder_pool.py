"""The threads that encode, and how much may wait for them.

Owns the threads, the predicted seconds of encoding and the bytes of pictures that are promised and
not encoded yet. All calls come from the event loop. Knows neither formats nor routes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from service.batching.predictor import WorkPredictor
from service.batching.recipe import Recipe
from service.errors import QueueFull

T = TypeVar("T")

MAX_CHANNELS = 3  # bytes of a pixel, at most
MAX_UNENCODED_BYTES = 2**29  # 170 pictures of 1024 px; one request always may
LONGEST_RETRY_S = 600


class EncoderPool:
    """Encodes off the event loop, and refuses what would pile up in front of it.

    Args:
        threads: that encode.
        max_bytes: of pictures that may be promised and not encoded yet; one request always may.
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
        """Predicted seconds until all that is promised is encoded."""
        return self._promised_s / self._threads

    def seconds(self, recipes: Sequence[Recipe], image_format: str) -> float:
        """Predicted seconds of encoding pictures into one file."""
        return self._predictor.seconds(_by_format(recipes, image_format), len(recipes))

    @contextmanager
    def promised(self, recipes: Sequence[Recipe], area: int, image_format: str) -> Generator[None]:
        """Count the pictures of a request from its admission until they are encoded.

        Args:
            recipes: of the request.
            area: pixels of each picture.
            image_format: of the file.

        Raises:
            QueueFull: too much is promised already.
        """
        size = len(recipes) * area * MAX_CHANNELS
        if self.unencoded_bytes and self.unencoded_bytes + size > self._max_bytes:
            raise QueueFull(
                f"{self.unencoded_bytes} bytes of pictures wait to be encoded, this request would "
                f"add {size}, and {self._max_bytes} may wait",
                retry_after_s=min(LONGEST_RETRY_S, int(self.ahead_s) + 1),
            )
        seconds = self.seconds(recipes, image_format)
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
        """The result of `make` on an encoder thread, and the seconds it took.

        Cancelled before its turn, it is never made.
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
        """Let the threads end; what has not begun is dropped."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _by_format(recipes: Sequence[Recipe], image_format: str) -> list[Recipe]:
    """Recipes as the predictor learns them: a format takes the place of the model."""
    return [replace(recipe, model=image_format) for recipe in recipes]
