"""From recipes to files: waits for the images, encodes off the event loop, checks deadlines.

Owns the order of rendering and encoding, and the pixel limit of walks. Knows neither routes nor
headers.
"""

from __future__ import annotations

import asyncio
import functools
import math
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from models.picture import Pixels
from service.batching.queue import Rendered
from service.batching.recipe import Recipe
from service.batching.waiting import NOTHING, Encoding
from service.errors import DeadlinePassed, OutOfRange, QueueFull
from service.media.encoder_pool import EncoderPool
from service.media.wanted_pictures import WantedPictures
from service.operations.metrics import Metrics
from service.operations.spans import Spans
from service.rendering.renderer import Renderer
from service.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Timing:
    """Durations of the steps of an answer in seconds; of several images, the maximum of each."""

    queue_s: float
    generate_s: float
    encode_s: float
    batch_size: int


class ImagePipeline:
    """Renders and encodes pictures for the routes.

    Args:
        cores: number of encoder threads, if the settings have none.
        spans: receives the steps of traces.
    """

    def __init__(
        self,
        settings: Settings,
        renderer: Renderer,
        metrics: Metrics,
        cores: int,
        *,
        spans: Spans | None = None,
    ) -> None:
        self._settings = settings
        self._renderer = renderer
        self._encode_duration = functools.cache(metrics.encode_duration.labels)
        self._spans = spans or Spans()
        self._encoders = EncoderPool(settings.encoders or cores, settings.unencoded_bytes)
        self._walking_pixels = 0

    async def make(
        self,
        recipes: Sequence[Recipe],
        area: int,
        image_format: str,
        write: Callable[[Sequence[Pixels]], T],
        timeout_s: float | None = None,
        *,
        is_walk: bool = False,
    ) -> tuple[T, Timing]:
        """Render and encode the pictures of one request, admitted together or refused at once.

        Args:
            recipes: recipes of one request; of a walk, one for each frame.
            area: pixels of each picture.
            image_format: format of the file.
            write: pixels of all pictures -> the file; called on an encoder thread. If the request
                ends before, the pictures raise `NotWanted` when the next one is read.
            timeout_s: seconds that the client waits, if less than the configured deadline.
            is_walk: True to queue only a few recipes at a time, for fairness to other requests.

        Raises:
            OutOfRange: the walk exceeds the pixel limit.
            QueueFull: the walk exceeds the limit together with other walks, or a queue is full.
            DeadlinePassed: the file was not ready in time.
        """
        limit_s = self._settings.deadline_s
        if is_walk:
            limit_s = self._settings.interpolation_deadline_s
        timeout_s = min(timeout_s or math.inf, limit_s)
        deadline = asyncio.get_running_loop().time() + timeout_s
        encode = Encoding(self._encoders.ahead_s, self._encoders.seconds(recipes, image_format))
        promised = self._encoders.promised(len(recipes), area, encode.own_s)
        with self._renderer.requests.one(), promised:
            if is_walk:
                with self._allowance(recipes, area):
                    images = await self._render_walk(recipes, timeout_s, encode)
                    return await self._encoded(recipes, images, image_format, write, deadline)
            images = await self.render(recipes, timeout_s, encode)
            return await self._encoded(recipes, images, image_format, write, deadline)

    async def render(
        self, recipes: Sequence[Recipe], timeout_s: float | None = None, encode: Encoding = NOTHING
    ) -> list[Rendered]:
        """Render the images of one request, admitted together or refused at once.

        Args:
            recipes: recipes of one request.
            timeout_s: seconds that the client waits, if less than the configured deadline.
            encode: predicted encoding that follows.
        """
        timeout_s = min(timeout_s or math.inf, self._settings.deadline_s)
        images = await self._renderer.render(recipes, timeout_s, encode=encode)
        self._spans.rendered(recipes, images)
        return images

    async def render_walk(self, recipes: Sequence[Recipe], area: int) -> list[Rendered]:
        """Render the frames of a walk, `area` pixels each, without encoding.

        Raises:
            OutOfRange: the walk exceeds the pixel limit.
            QueueFull: the walk exceeds the limit together with other walks, or the queue is full.
        """
        with self._allowance(recipes, area):
            return await self._render_walk(
                recipes, self._settings.interpolation_deadline_s, NOTHING
            )

    async def run_on_encoder(
        self, name: str, make: Callable[[], T], recipes: Sequence[Recipe] = ()
    ) -> tuple[T, float]:
        """Run `make` on an encoder thread; returns its result and its duration in seconds."""
        made, took = await self._encoders.run(recipes, name, make)
        self._encode_duration(name).observe(took)
        self._spans.encoded(name, took)
        return made, took

    def close(self) -> None:
        """End the encoder threads; jobs that have not begun are dropped."""
        self._encoders.close()

    async def _render_walk(
        self, recipes: Sequence[Recipe], timeout_s: float, encode: Encoding
    ) -> list[Rendered]:
        window = self._settings.interpolation_window
        images = await self._renderer.render(recipes, timeout_s, window=window, encode=encode)
        self._spans.rendered(recipes, images)
        return images

    async def _encoded(
        self,
        recipes: Sequence[Recipe],
        images: Sequence[Rendered],
        image_format: str,
        write: Callable[[Sequence[Pixels]], T],
        deadline: float,
    ) -> tuple[T, Timing]:
        """Encode the file before `deadline` (event loop time), or raise `DeadlinePassed`."""
        pixels = WantedPictures([image.pixels for image in images])
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
        finally:
            pixels.abandon()
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
                "too many walks are under way", retry_after_s=self._renderer.retry_after_s()
            )
        self._walking_pixels += pixels
        try:
            yield
        finally:
            self._walking_pixels -= pixels


def timing_of(images: Sequence[Rendered], encode_s: float) -> Timing:
    """The timing of an answer with these images."""
    return Timing(
        max(image.queue_s for image in images),
        max(image.generate_s for image in images),
        encode_s,
        max(image.batch_size for image in images),
    )
