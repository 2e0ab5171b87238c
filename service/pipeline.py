"""From recipes to files: waits for the batches, encodes off the event loop, keeps the time.

Owns the order of rendering and encoding, and the allowance for walks. Knows neither routes nor
headers.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from models.picture import Pixels
from service.batching.batcher import Batcher
from service.batching.queue import Rendered
from service.batching.recipe import Recipe
from service.batching.waiting import NOTHING, Encoding, wait_for_images
from service.errors import DeadlinePassed, OutOfRange, QueueFull
from service.media.encoder_pool import MAX_UNENCODED_BYTES, EncoderPool
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
        spans: receives the steps of traces.
        max_unencoded_bytes: of pictures that may be promised and not encoded yet.
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
        max_unencoded_bytes: int = MAX_UNENCODED_BYTES,
    ) -> None:
        self._using = using
        self._settings = settings
        self._batcher = batcher
        self._metrics = metrics
        self._spans = spans or Spans()
        self._encoders = EncoderPool(settings.encoders or cores, max_unencoded_bytes)
        self._walking_pixels = 0

    async def make(
        self,
        recipes: Sequence[Recipe],
        area: int,
        image_format: str,
        write: Callable[[list[Pixels]], T],
        timeout_s: float | None = None,
        *,
        is_walk: bool = False,
    ) -> tuple[T, Timing]:
        """Render and encode the pictures of one request, admitted together or refused at once.

        Args:
            recipes: of one request; of a walk, one for each frame.
            area: pixels of each picture.
            image_format: of the file.
            write: pixels of all pictures -> the file; called on an encoder thread.
            timeout_s: seconds the client will wait, where it waits less long than we.
            is_walk: a few at a time are rendered, so that others get their turn.

        Raises:
            OutOfRange: the walk is too large to be held.
            QueueFull: with all that is under way it is.
            DeadlinePassed: the file was not there in time.
        """
        limit_s = self._settings.deadline_s
        if is_walk:
            limit_s = self._settings.interpolation_deadline_s
        timeout_s = min(timeout_s or math.inf, limit_s)
        deadline = asyncio.get_running_loop().time() + timeout_s
        encode = Encoding(self._encoders.ahead_s, self._encoders.seconds(recipes, image_format))
        with self._encoders.promised(recipes, area, image_format):
            if is_walk:
                with self._allowance(recipes, area):
                    images = await self._render_walk(recipes, timeout_s, encode)
                    return await self._encoded(recipes, images, image_format, write, deadline)
            images = await self.render(recipes, timeout_s, encode)
            return await self._encoded(recipes, images, image_format, write, deadline)

    async def render(
        self, recipes: Sequence[Recipe], timeout_s: float | None = None, encode: Encoding = NOTHING
    ) -> list[Rendered]:
        """The images of one request, admitted together or refused at once.

        Args:
            recipes: of one request.
            timeout_s: seconds the client will wait, where it waits less long than we.
            encode: that will follow.
        """
        timeout_s = min(timeout_s or math.inf, self._settings.deadline_s)
        with self._using(recipes[0].model):
            images = await wait_for_images(self._batcher, recipes, timeout_s, encode=encode)
        self._spans.rendered(recipes, images)
        return images

    async def render_walk(self, recipes: Sequence[Recipe], area: int) -> list[Rendered]:
        """The frames of a walk without a file, `area` pixels each.

        Raises:
            OutOfRange: the walk is too large to be held.
            QueueFull: with the walks under way it is.
        """
        with self._allowance(recipes, area):
            return await self._render_walk(
                recipes, self._settings.interpolation_deadline_s, NOTHING
            )

    async def run_on_encoder(
        self, name: str, make: Callable[[], T], recipes: Sequence[Recipe] = ()
    ) -> tuple[T, float]:
        """The result of `make` on an encoder thread, and the seconds it took."""
        made, took = await self._encoders.run(recipes, name, make)
        self._metrics.encode_duration.labels(name).observe(took)
        self._spans.encoded(name, took)
        return made, took

    def close(self) -> None:
        """Let the encoder threads end; what has not begun is dropped."""
        self._encoders.close()

    async def _render_walk(
        self, recipes: Sequence[Recipe], timeout_s: float, encode: Encoding
    ) -> list[Rendered]:
        window = self._settings.interpolation_window
        with self._using(recipes[0].model):
            images = await wait_for_images(
                self._batcher, recipes, timeout_s, window=window, encode=encode
            )
        self._spans.rendered(recipes, images)
        return images

    async def _encoded(
        self,
        recipes: Sequence[Recipe],
        images: Sequence[Rendered],
        image_format: str,
        write: Callable[[list[Pixels]], T],
        deadline: float,
    ) -> tuple[T, Timing]:
        """The file, unless the event loop's time passes `deadline` before."""
        pixels = [image.pixels for image in images]
        try:
            async with asyncio.timeout_at(deadline):
                made, took_s = await self.run_on_encoder(
                    image_format, lambda: write(pixels), recipes
                )
        except TimeoutError as error:
            raise DeadlinePassed(
                "the picture was rendered and not encoded in time",
                retry_after_s=int(self._encoders.ahead_s) + 1,
            ) from error
        return made, timing_of(images, took_s)

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
