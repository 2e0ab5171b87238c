"""From recipes to files: waits for the batches, encodes off the event loop, keeps the time.

Owns the encoder threads and the allowance for walks. Knows neither routes nor headers.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from service.batching.batcher import Batcher
from service.batching.queue import Rendered
from service.batching.recipe import Recipe
from service.batching.waiting import wait_for_images
from service.errors import OutOfRange, QueueFull
from service.operations.metrics import Metrics
from service.operations.spans import Spans
from service.settings import Settings

T = TypeVar("T")
Using = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True)
class Timing:
    """Where the time of an answer went, in seconds; of several images, the longest."""

    queue_s: float
    generate_s: float
    encode_s: float
    batch_size: int


class ImagePipeline:
    """Where routes have their pictures made.

    Args:
        cores: that encode, where the settings do not say.
        using: keeps a model loaded while its pictures are awaited.
        spans: tells traces of all of it.
    """

    def __init__(
        self,
        settings: Settings,
        batcher: Batcher,
        metrics: Metrics,
        cores: int,
        *,
        using: Using,
        spans: Spans | None = None,
    ) -> None:
        self._using = using
        self._settings = settings
        self._batcher = batcher
        self._metrics = metrics
        self._spans = spans or Spans()
        self._encoders = ThreadPoolExecutor(settings.encoders or cores, "encoder")
        self._walking_pixels = 0

    async def render(
        self, recipes: Sequence[Recipe], patience_s: float | None = None
    ) -> list[Rendered]:
        """The images of one request, admitted together or refused at once.

        Args:
            recipes: of one request.
            patience_s: seconds the client will wait, where it has less patience than we.
        """
        patience_s = min(patience_s or math.inf, self._settings.deadline_s)
        with self._using(recipes[0].model):
            images = await wait_for_images(self._batcher, recipes, patience_s)
        self._spans.rendered(recipes, images)
        return images

    async def render_walk(
        self, recipes: Sequence[Recipe], area: int, patience_s: float | None = None
    ) -> list[Rendered]:
        """The frames of a walk, a few at a time, so that others get their turn.

        Args:
            recipes: one for each frame.
            area: pixels of a frame.
            patience_s: as for `render`.

        Raises:
            OutOfRange: the walk is too large to be held.
            QueueFull: with the walks under way it is.
        """
        patience_s = min(patience_s or math.inf, self._settings.interpolation_deadline_s)
        window = self._settings.interpolation_window
        with self._allowance(recipes, area), self._using(recipes[0].model):
            images = await wait_for_images(self._batcher, recipes, patience_s, window=window)
        self._spans.rendered(recipes, images)
        return images

    async def run_on_encoder(self, name: str, make: Callable[[], T]) -> tuple[T, float]:
        """The result of `make` on an encoder thread, and the seconds it took."""

        def timed() -> tuple[T, float]:
            began = time.perf_counter()
            made = make()
            return made, time.perf_counter() - began

        made, took = await asyncio.get_running_loop().run_in_executor(self._encoders, timed)
        self._metrics.encode_duration.labels(name).observe(took)
        self._spans.encoded(name, took)
        return made, took

    def close(self) -> None:
        """Let the encoder threads end; what has not begun is dropped."""
        self._encoders.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def _allowance(self, recipes: Sequence[Recipe], area: int) -> Generator[None]:
        pixels = len(recipes) * area
        limit = self._settings.interpolation_pixels
        if pixels > limit:
            most = min(limit // area, self._settings.interpolation_frames)
            raise OutOfRange(
                "steps",
                f"{len(recipes)} frames of {recipes[0].resolution} px are too many for one walk: "
                f"ask for at most {most} frames, or a smaller resolution",
                {"frames": most},
            )
        if self._walking_pixels + pixels > limit:
            raise QueueFull(
                "too many walks are under way", retry_after_s=self._batcher.retry_after_s()
            )
        self._walking_pixels += pixels
        try:
            yield
        finally:
            self._walking_pixels -= pixels


def timing_of(images: Sequence[Rendered], encode_s: float) -> Timing:
    """Where the time of an answer with these images went."""
    return Timing(
        max(image.queue_s for image in images),
        max(image.generate_s for image in images),
        encode_s,
        max(image.batch_size for image in images),
    )
