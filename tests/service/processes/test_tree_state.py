"""State that all processes share: windows, places and metrics, until a process ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from service.errors import NotReady, RateExceeded
from service.operations.downloads import DatasetOpen, DatasetsFull
from service.operations.metrics import Metrics
from service.processes.control import RemoteState, SupervisorLink
from service.processes.tree_state import ENGINE, FRONT, TreeState
from service.settings import Settings
from tests.service.processes.connected import pair, until

pytestmark = pytest.mark.anyio


class Process:
    """One end of a process, and its metrics."""

    def __init__(self, settings: Settings, state: TreeState, kind: str, name: str) -> None:
        self.metrics = Metrics()
        self.is_ready = False
        self.looks = 0
        self.session = state.opened(kind, name)
        self._ours, theirs = pair()
        self.link = SupervisorLink(theirs.detach(), self.metrics, lambda: self.is_ready, self._look)
        self.state = RemoteState(settings, self.link)
        self._running: asyncio.Task[None] | None = None

    def _look(self) -> None:
        self.looks += 1

    async def start(self) -> None:
        """Connect both ends."""
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: self.session.connection, sock=self._ours)
        self._running = loop.create_task(self.link.run())
        await until(lambda: self.session.heard_at > 0)

    async def end(self) -> None:
        """As the end of a process does, without the signal that it would get."""
        assert self._running is not None
        self._running.cancel()
        await asyncio.wait([self._running])
        self.link._lost = lambda: None
        self.link._connection._lost = lambda: None
        self.link._connection.close()


@asynccontextmanager
async def tree(settings: Settings) -> AsyncGenerator[tuple[Process, Process, Process]]:
    """An engine and two front ends."""
    state = TreeState(settings, list)
    kinds = ((ENGINE, "engine-0"), (FRONT, "front-0"), (FRONT, "front-1"))
    processes = [Process(settings, state, kind, name) for kind, name in kinds]
    for process in processes:
        await process.start()
    try:
        yield processes[0], processes[1], processes[2]
    finally:
        for process in processes:
            await process.end()
        await asyncio.sleep(0.01)


async def test_a_rate_holds_over_all_front_ends(settings: Settings) -> None:
    """Of requests and of pictures; the message and the Retry-After are those of one process."""
    changes = {"rate_limit": "3/hour", "dataset_rate_limit": "10/hour"}
    async with tree(settings.model_copy(update=changes)) as (_, one, two):
        for each in (one, two, one):
            await each.state.take_request(None, "192.0.2.1")
        with pytest.raises(RateExceeded, match="3 per 1 hour") as refused:
            await two.state.take_request(None, "192.0.2.1")
        await two.state.take_request(b"key", "192.0.2.1")
        one.state.count_pictures(None, "192.0.2.1", 8)
        await one.state.require_pictures(None, "192.0.2.1", 2)
        with pytest.raises(RateExceeded, match="more pictures than 10"):
            await two.state.require_pictures(None, "192.0.2.1", 3)
        most = one.state.most_pictures

    assert refused.value.retry_after_s
    assert most == 10


async def test_without_limits_nobody_is_asked(settings: Settings) -> None:
    """It would cost a message for each request."""
    async with tree(settings) as (_, one, _):
        number = one.link.new_number()
        await one.state.take_request(None, "192.0.2.1")
        await one.state.require_pictures(None, "192.0.2.1", 10**9)
        assert one.link.new_number() == number + 1
        assert one.state.most_pictures is None


async def test_places_hold_over_all_front_ends_and_come_back_when_one_ends(
    settings: Settings,
) -> None:
    """Also those of a request that was given up while it asked."""
    async with tree(settings.model_copy(update={"max_datasets": 2})) as (_, one, two):
        async with one.state.place("ada", 100) as tell_sent:
            tell_sent(50)
            with pytest.raises(DatasetOpen):
                async with two.state.place("ada", 5):
                    pass
            async with two.state.place("bob", 5):
                with pytest.raises(DatasetsFull, match="2 data sets are being downloaded"):
                    async with one.state.place("eve", 5):
                        pass
        given_up = asyncio.create_task(two.state.place("ada", 5).__aenter__())
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait([given_up])
        await one.state.place("ada", 100).__aenter__()
        await one.end()
        await until(lambda: not one.session.connection.is_open)
        async with two.state.place("ada", 5):
            pass


async def test_one_scrape_tells_all_processes_and_a_reload_reaches_the_engines(
    settings: Settings,
) -> None:
    """With the refusals of the last minute, for the status."""
    async with tree(settings) as (engine, one, two):
        engine.is_ready = True
        await until(lambda: engine.session.has_been_ready)
        one.metrics.request_refused("queue_full")
        two.metrics.request_refused("queue_full")
        names = {metric.name for metric in (await one.state.metrics()).collect()}
        refusals = await two.state.recent_refusals()
        one.state.look_for_models()
        await until(lambda: engine.looks)

    assert {"progan_requests", "process_resident_memory_bytes", "progan_refused"} <= names
    assert refusals == {"queue_full": 2}
    assert (engine.looks, one.looks, two.looks) == (1, 0, 0)


async def test_after_the_end_of_the_supervisor_nothing_waits(settings: Settings) -> None:
    """A process ends then; what it asks before is refused."""
    async with tree(settings.model_copy(update={"rate_limit": "3/hour"})) as (_, one, _):
        one.link._connection._lost = lambda: None
        one.session.connection.close()
        await until(lambda: not one.link._connection.is_open)
        with pytest.raises(NotReady, match="ending"):
            await one.state.take_request(None, "192.0.2.1")
