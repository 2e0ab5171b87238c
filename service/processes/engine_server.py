"""The engine's side of the connections to front ends.

Owns the sessions of front ends: their requests in progress, the models they hold, and the reports
that they get. A front end that ends takes its own requests with it. Knows the engine by the
protocol of renderers, and no HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final, cast

import msgspec

from service.batching.queue import Rendered
from service.batching.waiting import Encoding
from service.errors import ClientGone, NotReady, ServiceError
from service.local_renderer import LocalRenderer
from service.processes.frames import FrameConnection, receive_descriptor, require_same_user
from service.processes.messages import (
    CancelRequest,
    EngineReport,
    FromFrontEnd,
    HoldModel,
    RefusedAnswer,
    ReleaseModel,
    RenderAnswer,
    RenderRequest,
    report_of_catalogue,
    timing_of_image,
)
from service.processes.shared_blocks import PixelMemory
from service.refusal import refusal_of
from service.registry.catalogue import Catalogue

REPORT_EVERY_S: Final = 0.1
CONNECTION_REFUSED: Final = "a connection was refused: %s"

log = logging.getLogger(__name__)


class FrontEndSession:
    """One front end, from its connection to its end.

    Args:
        memory: the front end's memory for pixels.
        ended: called when the front end has gone.
    """

    def __init__(
        self,
        renderer: LocalRenderer,
        memory: PixelMemory,
        ended: Callable[[FrontEndSession], None],
    ) -> None:
        self._renderer = renderer
        self._memory = memory
        self._ended = ended
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._held: dict[str, list[AbstractContextManager[None]]] = {}
        decoder: msgspec.msgpack.Decoder[FromFrontEnd] = msgspec.msgpack.Decoder(
            cast("type[FromFrontEnd]", FromFrontEnd)
        )
        self.connection = FrameConnection(decoder, self._receive, self._lost)

    def _receive(self, message: FromFrontEnd) -> None:
        if isinstance(message, RenderRequest):
            task = asyncio.get_running_loop().create_task(self._answer(message))
            self._tasks[message.number] = task
        elif isinstance(message, CancelRequest):
            if (task := self._tasks.get(message.number)) is not None:
                task.cancel()
        elif isinstance(message, HoldModel):
            self._hold(message.model)
        else:
            self._release(message)

    async def _answer(self, request: RenderRequest) -> None:
        answer: RenderAnswer | RefusedAnswer
        try:
            images = await self._render(request)
            for place, size, image in zip(request.places, request.sizes, images, strict=True):
                self._memory.write(place, size, image.pixels)
            answer = RenderAnswer(request.number, [timing_of_image(image) for image in images])
        except asyncio.CancelledError:
            gone = ClientGone("the request was given up")
            answer = RefusedAnswer(request.number, refusal_of(gone))
        except Exception as error:
            if not isinstance(error, ServiceError):
                log.exception("unexpected error")
            answer = RefusedAnswer(request.number, refusal_of(error))
        self._tasks.pop(request.number, None)
        self.connection.send(answer)

    async def _render(self, request: RenderRequest) -> Sequence[Rendered]:
        if request.timeout_s is None:
            return await self._renderer.render_bulk(request.recipes)
        with self._renderer.requests.one():
            return await self._renderer.render(
                request.recipes,
                request.timeout_s,
                window=request.window,
                encode=Encoding(request.ahead_s, request.own_s),
            )

    def _hold(self, model: str) -> None:
        hold = self._renderer.using(model)
        try:
            hold.__enter__()
        except NotReady:  # told by the answer to the next request for its pictures
            return
        self._held.setdefault(model, []).append(hold)

    def _release(self, message: ReleaseModel) -> None:
        if holds := self._held.get(message.model):
            holds.pop().__exit__(None, None, None)

    def _lost(self) -> None:
        for holds in self._held.values():
            for hold in holds:
                hold.__exit__(None, None, None)
        self._held.clear()
        self._ended(self)
        for task in self._tasks.values():
            task.cancel()
        waiting = [*self._tasks.values()]
        closing = asyncio.gather(*waiting, return_exceptions=True)
        closing.add_done_callback(lambda _: self._memory.close())


class EngineServer:
    """Answers all front ends of a service.

    Args:
        listener: the Unix socket on which front ends connect.
        tell_ready: called whenever the engine has become ready, before a front end learns it. So
            the supervisor never allows the long silence of a start to an engine with requests.
    """

    def __init__(
        self,
        renderer: LocalRenderer,
        listener: socket.socket,
        tell_ready: Callable[[], None],
    ) -> None:
        self._renderer = renderer
        self._listener = listener
        self._tell_ready = tell_ready
        self._was_ready = False
        self._sessions: set[FrontEndSession] = set()
        self._told: Catalogue | None = None
        self._has_told_refusal = False

    @property
    def front_ends(self) -> int:
        """Number of connected front ends."""
        return len(self._sessions)

    async def run(self) -> None:
        """Accept front ends and report to them, until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                loop.add_reader(self._listener.fileno(), self._accept)  # again after a refusal
                self._report()
                await asyncio.sleep(REPORT_EVERY_S)
        finally:
            loop.remove_reader(self._listener.fileno())

    def close(self) -> None:
        """End all connections."""
        for session in [*self._sessions]:
            session.connection.close()

    # ------------------------------------------------------------------ new front ends

    def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            accepted, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):  # it has gone already
            return
        except OSError as error:  # no descriptor is left: it is tried again with the next report
            loop.remove_reader(self._listener.fileno())
            if not self._has_told_refusal:
                log.error("no front end can connect: %s", error)  # noqa: TRY400 - it says all
            self._has_told_refusal = True
            return
        self._has_told_refusal = False
        try:
            require_same_user(accepted)  # before it holds a descriptor for longer
        except PermissionError as error:
            log.error(CONNECTION_REFUSED, error)  # noqa: TRY400 - the sentence says all
            accepted.close()
            return
        accepted.setblocking(False)
        loop.add_reader(accepted.fileno(), self._greet, accepted)

    def _greet(self, accepted: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(accepted.fileno())
        try:
            descriptor = receive_descriptor(accepted)
            memory = None if descriptor is None else PixelMemory(descriptor)
        except (OSError, ValueError) as error:
            log.error(CONNECTION_REFUSED, error)  # noqa: TRY400 - the sentence says all
            memory = None
        if memory is None:
            accepted.close()
            return
        session = FrontEndSession(self._renderer, memory, self._sessions.discard)
        task = loop.create_task(self._begin(session, accepted))
        task.add_done_callback(lambda done: done.exception())

    async def _begin(self, session: FrontEndSession, accepted: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: session.connection, accepted)
        self._sessions.add(session)
        session.connection.send(self._state())
        if self._told is not None:
            session.connection.send(report_of_catalogue(self._told))

    # ------------------------------------------------------------------ reports

    def _report(self) -> None:
        report = self._state()
        now = None if self._renderer.is_loading else self._renderer.registry.catalogue
        changed = None if now is self._told or now is None else report_of_catalogue(now)
        self._told = now
        for session in self._sessions:
            session.connection.send(report)
            if changed is not None:
                session.connection.send(changed)

    def _state(self) -> EngineReport:
        load, not_ready = self._renderer.load(), None
        try:
            self._renderer.require_ready()
        except NotReady as error:
            not_ready = refusal_of(error)
        is_ready = not_ready is None
        if is_ready and not self._was_ready:
            self._tell_ready()
        self._was_ready = is_ready
        costs = self._renderer.predictor.costs()
        return EngineReport(load.queued_images, load.queued_s, load.images_per_s, not_ready, costs)
