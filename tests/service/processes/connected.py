"""An engine's side and a front end's side, connected as two processes are, in one event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from service.local_renderer import LocalRenderer
from service.processes.engine_link import EngineLink
from service.processes.engine_server import EngineServer
from service.processes.frames import listen_unnamed
from service.settings import Settings
from tests.service.painter import PATIENCE_S, Painter, started

MEMORY_BYTES = 2**20


class ServedEngine:
    """A painter, and the socket on which front ends reach it.

    Attributes:
        listener: stays open if the engine ends, as that of a supervisor.
        told_ready: how often the supervisor was told that the engine has become ready.
    """

    def __init__(self, settings: Settings, painter: Painter) -> None:
        self._settings = settings
        self.painter = painter
        self.listener = listen_unnamed()
        self.told_ready = 0
        self.renderer: LocalRenderer | None = None
        self.server: EngineServer | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> bytes:
        """Of its socket."""
        address: bytes = self.listener.getsockname()
        return address

    async def start(self) -> None:
        """Load the models and accept front ends."""
        self.renderer = await started(self._settings, self.painter)
        self.server = EngineServer(self.renderer, self.listener, self._tell_ready)
        self._task = asyncio.get_running_loop().create_task(self.server.run())

    def _tell_ready(self) -> None:
        self.told_ready += 1

    async def end(self) -> None:
        """End all connections, as the end of its process does."""
        assert self.server is not None
        assert self.renderer is not None
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])
        self.server.close()
        self.painter.gate.set()
        await self.renderer.stop(PATIENCE_S)


@asynccontextmanager
async def served_engines(
    settings: Settings, *painters: Painter
) -> AsyncGenerator[list[ServedEngine]]:
    """A started engine for each painter; all of them end with the block."""
    engines = [ServedEngine(settings, painter) for painter in painters]
    for engine in engines:
        await engine.start()
    try:
        yield engines
    finally:
        for engine in engines:
            await engine.end()
            engine.listener.close()


@asynccontextmanager
async def connected(
    settings: Settings, painter: Painter, memory_bytes: int = MEMORY_BYTES
) -> AsyncGenerator[tuple[ServedEngine, EngineLink]]:
    """A started engine, and a link that knows its models."""
    async with served_engines(settings, painter) as (engine,):
        link = EngineLink(engine.address, memory_bytes)
        running = asyncio.get_running_loop().create_task(link.run())
        await until(lambda: link.catalogue is not None)
        try:
            yield engine, link
        finally:
            running.cancel()
            await asyncio.wait([running])


async def until(fact: Callable[[], object]) -> None:
    """Give other tasks time until `fact()` is true."""
    async with asyncio.timeout(PATIENCE_S):
        while not fact():
            await asyncio.sleep(0.002)


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected sockets for an event loop."""
    one, two = socket.socketpair()
    one.setblocking(False)
    two.setblocking(False)
    return one, two
