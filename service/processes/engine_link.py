"""A front end's connection to one engine process, made again whenever that process is.

Owns the requests that wait for this engine, their blocks of shared memory, and what the engine has
reported. Each connection has memory of its own: an engine that has ended writes nowhere. Knows
neither other engines nor HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Final, cast

import msgspec

from service.batching.engine import RESTART_S, ModelInfo
from service.batching.queue import Rendered
from service.batching.recipe import Recipe
from service.batching.waiting import Encoding
from service.errors import EngineLost, QueueFull
from service.processes.asked_images import AskedImages, form_of, predicted_seconds
from service.processes.frames import FrameConnection, connect_with
from service.processes.messages import (
    CancelRequest,
    CatalogueReport,
    EngineReport,
    FromEngine,
    RefusedAnswer,
    RenderAnswer,
    RenderRequest,
    catalogue_in,
)
from service.processes.shared_blocks import BlockTable, PixelMemories, PixelMemory
from service.registry.catalogue import Catalogue

RECONNECT_S: Final = 0.1

log = logging.getLogger(__name__)


class EngineLink:
    """Connection to the engine process that listens at `address`.

    Args:
        address: of its Unix socket.
        memory_bytes: size of the shared memory for its pixels.
        clock: seconds, monotonic.

    Attributes:
        report: last report of the engine; None while it is not connected.
        catalogue: its models; None until it has loaded some.
        has_been_ready: True if it was ready at any time.
    """

    def __init__(
        self,
        address: bytes,
        memory_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._memory_bytes = memory_bytes
        self._memories = PixelMemories(memory_bytes)
        self._clock = clock
        self.report: EngineReport | None = None
        self.catalogue: Catalogue | None = None
        self.has_been_ready = False
        self._models: dict[str, ModelInfo] = {}
        self._asked: dict[int, AskedImages] = {}
        self._number = 0
        self._heard_at = self._down_since = clock()
        self._start_s = float(RESTART_S)  # learned from each start
        self._freed = asyncio.Event()
        self._connection: FrameConnection[FromEngine] | None = None
        self._memory: PixelMemory | None = None
        self._blocks = BlockTable(memory_bytes)

    # ------------------------------------------------------------------ state

    @property
    def silent_s(self) -> float:
        """Seconds since its last message."""
        return self._clock() - self._heard_at

    @property
    def work_s(self) -> float:
        """Predicted seconds of work: that of its last report, and what was asked for since."""
        queued_s = self.report.queued_s if self.report else 0.0
        return queued_s + sum(asked.seconds for asked in self._asked.values())

    @property
    def used_bytes(self) -> int:
        """Bytes of shared memory in use."""
        return self._blocks.used_bytes

    @property
    def unanswered(self) -> list[asyncio.Future[list[Rendered]]]:
        """The requests that wait for this engine."""
        return [asked.images for asked in self._asked.values() if not asked.images.done()]

    def model(self, pinned: str) -> ModelInfo | None:
        """A model that it has, or had a moment ago."""
        return self._models.get(pinned)

    def restart_s(self) -> int:
        """Predicted whole seconds until it is ready again; for Retry-After."""
        return max(1, math.ceil(self._start_s - (self._clock() - self._down_since)))

    # ------------------------------------------------------------------ requests

    async def render(
        self,
        recipes: Sequence[Recipe],
        infos: Sequence[ModelInfo],
        timeout_s: float | None,
        window: int | None,
        encode: Encoding,
    ) -> list[Rendered]:
        """The images of `recipes` of models that it has; bulk images if `timeout_s` is None.

        Raises:
            QueueFull: the shared memory has no room.
            EngineLost: the engine ended before it answered.
            ServiceError: as the engine raised it.
        """
        forms = [form_of(each, info) for each, info in zip(recipes, infos, strict=True)]
        sizes = [form.size for form in forms]
        places = await self._reserve(sizes, is_bulk=timeout_s is None)
        if (connection := self._connection) is None:
            self._blocks.free(places)
            raise self.lost()
        self._number += 1
        number, images = self._number, asyncio.get_running_loop().create_future()
        costs = self.report.costs if self.report else {}
        seconds = 0.0 if timeout_s is None else predicted_seconds(recipes, costs)
        self._asked[number] = AskedImages(images, forms, places, seconds)
        connection.send(
            RenderRequest(
                number,
                list(recipes),
                places,
                sizes,
                timeout_s,
                window,
                encode.ahead_s,
                encode.own_s,
            )
        )
        try:
            return await images
        finally:
            if number in self._asked:  # it was given up
                connection.send(CancelRequest(number))

    def send(self, message: msgspec.Struct) -> None:
        """Send a message that has no answer."""
        if self._connection is not None:
            self._connection.send(message)

    def lost(self) -> EngineLost:
        """The error of requests that this engine does not answer any more."""
        return EngineLost(
            "the engine has ended and is being started again: try again then",
            retry_after_s=self.restart_s(),
        )

    async def _reserve(self, sizes: list[int], *, is_bulk: bool) -> list[int]:
        while (places := self._blocks.reserve(sizes)) is None:
            if not is_bulk or not self._asked:
                raise QueueFull(
                    f"{self.used_bytes} of {self._memory_bytes} bytes for pictures between two "
                    f"processes are in use, {sum(sizes)} are needed",
                    retry_after_s=max(1, math.ceil(self.work_s)),
                )
            self._freed.clear()
            await self._freed.wait()
        return places

    # ------------------------------------------------------------------ the connection

    async def run(self) -> None:
        """Keep connected, until cancelled."""
        while True:
            try:
                await self._run_once()
            except OSError as error:
                log.debug("no connection to the engine: %s", error)
                await asyncio.sleep(RECONNECT_S)
            finally:
                self._disconnect()

    async def _run_once(self) -> None:
        """Connect, and wait for the end of the connection."""
        ended = asyncio.Event()
        decoder: msgspec.msgpack.Decoder[FromEngine] = msgspec.msgpack.Decoder(
            cast("type[FromEngine]", FromEngine)
        )
        self._memory = self._memories.create()
        connected = await connect_with(self._address, self._memory.descriptor)
        self._connection = connection = FrameConnection(decoder, self._receive, ended.set)
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: connection, sock=connected)
        await ended.wait()

    def _disconnect(self) -> None:
        if self.report is not None:
            self._down_since = self._clock()
        if self._connection is not None:
            self._connection.close()
        self.report, self._connection, self.catalogue = None, None, None
        for asked in self._asked.values():
            if not asked.images.done():
                asked.images.set_exception(self.lost())
        self._asked.clear()
        self._models.clear()
        self._blocks = BlockTable(self._memory_bytes)
        self._freed.set()
        if self._memory is not None:
            self._memory.close()
            self._memory = None

    def _receive(self, message: FromEngine) -> None:
        self._heard_at = self._clock()
        if isinstance(message, EngineReport):
            was_ready = self.report is not None and self.report.not_ready is None
            self.report = message
            if message.not_ready is None and not was_ready:
                self.has_been_ready = True
                self._start_s = self._clock() - self._down_since
        elif isinstance(message, CatalogueReport):
            self.catalogue = catalogue_in(message)
            models = (*self.catalogue.models.values(), *self.catalogue.retiring.values())
            self._models |= {info.pinned_name: info for info in models}
        else:
            self._answered(message)

    def _answered(self, answer: RenderAnswer | RefusedAnswer) -> None:
        asked = self._asked.pop(answer.number)
        assert self._memory is not None  # it is there as long as the connection
        asked.settle(answer, self._memory)
        self._blocks.free(asked.places)
        self._freed.set()
