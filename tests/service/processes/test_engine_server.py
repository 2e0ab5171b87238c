"""The engine's side: a front end that goes takes its own requests with it, and nothing else."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from pathlib import Path

import pytest

from service.batching.recipe import Recipe, point_of
from service.batching.waiting import NOTHING
from service.errors import EngineLost
from service.processes.engine_link import EngineLink
from service.processes.engine_server import REPORT_EVERY_S, EngineServer
from service.processes.frames import connect_with
from service.settings import Settings
from tests.service.painter import PATIENCE_S, Painter, paint, started
from tests.service.processes.connected import MEMORY_BYTES, connected, until

pytestmark = pytest.mark.anyio


def recipes_of(painter: Painter, *seeds: int) -> list[Recipe]:
    """Recipes of the painter's model."""
    return [Recipe(painter.cards[0].pinned_name, point_of(seed), 32) for seed in seeds]


def open_descriptors() -> int:
    """Number of descriptors that this process has open."""
    return len([*Path("/proc/self/fd").iterdir()])


async def test_a_front_end_that_ends_takes_only_its_own_requests_with_it(
    settings: Settings, painter: Painter
) -> None:
    """Its queued pictures are not computed; those of another are, and its memory is given back."""
    one_at_a_time = settings.model_copy(update={"max_batch": 1})
    async with connected(one_at_a_time, painter) as (engine, link):
        assert isinstance(engine.server, EngineServer)
        other = EngineLink(engine.address, MEMORY_BYTES)
        running = asyncio.create_task(other.run())
        await until(lambda: other.catalogue is not None)
        assert engine.server.front_ends == 2
        descriptors = open_descriptors()
        painter.gate.clear()
        info = link.model(painter.cards[0].pinned_name)
        assert info is not None
        kept = asyncio.create_task(
            link.render(recipes_of(painter, 1, 2), [info] * 2, PATIENCE_S, None, NOTHING)
        )
        await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
        gone = asyncio.create_task(
            other.render(recipes_of(painter, 3, 4), [info] * 2, PATIENCE_S, None, NOTHING)
        )
        await until(lambda: engine.renderer and engine.renderer.load().queued_images == 3)
        running.cancel()
        await asyncio.wait([running, gone])
        assert isinstance(gone.exception(), EngineLost)
        await until(lambda: engine.server and engine.server.front_ends == 1)
        painter.gate.set()
        images = await kept
        await until(lambda: open_descriptors() == descriptors - 6)

    assert [image.pixels.tobytes() for image in images] == [
        paint(recipe).tobytes() for recipe in recipes_of(painter, 1, 2)
    ]
    assert painter.seeds == [1, 2]


async def test_the_supervisor_learns_before_front_ends_that_the_engine_is_ready(
    settings: Settings, painter: Painter
) -> None:
    """Else an engine that hangs at once would be allowed the silence of one that loads."""
    async with connected(settings, painter) as (engine, link):
        assert engine.told_ready == 1
        await until(lambda: link.report is not None and link.report.not_ready is None)
        await asyncio.sleep(3 * REPORT_EVERY_S)
        assert engine.told_ready == 1


@pytest.mark.parametrize("has_memory", [False, True])
async def test_a_connection_without_memory_is_closed(
    settings: Settings, painter: Painter, has_memory: bool
) -> None:
    """It cannot be a front end; neither can one whose memory is empty."""
    async with connected(settings, painter) as (engine, _):
        if has_memory:
            empty = os.memfd_create("empty")
            connection = await connect_with(engine.address, empty)
            assert await asyncio.get_running_loop().sock_recv(connection, 1) == b""
            connection.close()
            os.close(empty)
        reader, writer = await asyncio.open_unix_connection(engine.address)  # type: ignore[arg-type]
        writer.write(b"\0")
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        assert engine.server is not None
        assert engine.server.front_ends == 1


class FullListener(socket.socket):
    """A socket whose connections find no descriptor until `has_room`."""

    has_room = False
    accepts = 0

    def accept(self) -> tuple[socket.socket, object]:
        """Fail as the system does."""
        self.accepts += 1
        if not self.has_room:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().accept()


async def test_without_descriptors_connections_wait_and_cost_nothing(
    settings: Settings, painter: Painter, caplog: pytest.LogCaptureFixture
) -> None:
    """One try with each report, one line in the log; then they are accepted."""
    renderer = await started(settings, painter)
    listener = FullListener(socket.AF_UNIX)
    listener.bind("")
    listener.listen()
    listener.setblocking(False)
    server = EngineServer(renderer, listener, lambda: None)
    serving = asyncio.create_task(server.run())
    link = EngineLink(listener.getsockname(), MEMORY_BYTES)
    linking = asyncio.create_task(link.run())
    await until(lambda: listener.accepts)
    reports = 5
    await asyncio.sleep(reports * REPORT_EVERY_S)
    tries = listener.accepts
    listener.has_room = True
    await until(lambda: link.catalogue is not None)
    for task in (linking, serving):
        task.cancel()
    await asyncio.wait([linking, serving])
    server.close()
    await renderer.stop(PATIENCE_S)
    listener.close()

    assert tries <= reports + 1  # a busy loop makes thousands
    assert caplog.text.count("no front end can connect") == 1
