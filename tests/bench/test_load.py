"""The load generator against a small real server that can be told to be slow."""

from __future__ import annotations

import asyncio
import itertools
import math
import statistics
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bench.load import Record, Request, closed_loop, open_loop, percentile, poisson

pytestmark = pytest.mark.anyio

BODY = b"12345"


class Peer:
    """A server that answers with `BODY` once its gate is open.

    Attributes:
        asked: method and address of everything that came.
        most: how many requests waited at a time.
    """

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[str] = []
        self.waiting = self.most = 0

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, or break its connection off."""
        self.asked.append(f"{request.method} {request.path_qs} {request.headers['X-Sign']}")
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        await self.gate.wait()
        self.waiting -= 1
        if request.path == "/broken" and request.transport:
            request.transport.close()
        return web.Response(status=503 if request.path == "/busy" else 200, body=BODY)


@asynccontextmanager
async def listening(peer: Peer) -> AsyncGenerator[str]:
    """The address of a peer that listens."""
    runner = web.ServerRunner(web.Server(peer.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        peer.gate.set()
        await runner.cleanup()


def request_for(path: str, method: str = "GET") -> Request:
    """A request with a header to be recognised by."""
    return Request(path, method, {"X-Sign": "mine"})


async def test_an_open_loop_does_not_wait_for_answers() -> None:
    """All of them are on their way while the server holds the first."""
    peer = Peer()
    peer.gate.clear()
    schedule = [(0.0, request_for(f"/{n}")) for n in range(20)]

    async with listening(peer) as address:
        run = asyncio.create_task(open_loop(address, schedule))
        while len(peer.asked) < len(schedule):
            await asyncio.sleep(0.001)
        peer.gate.set()
        records = await run

    assert peer.most == len(schedule)
    assert [record.request.path for record in records] == [f"/{n}" for n in range(20)]
    assert {(record.status, record.size, record.fault) for record in records} == {(200, 5, "")}


async def test_latency_counts_from_when_a_request_was_due() -> None:
    """One that was due in the past is late from the start, however fast its answer."""
    async with listening(Peer()) as address:
        [record] = await open_loop(address, [(-10.0, request_for("/late"))])

    assert record.latency > 10.0
    assert record.lag > 10.0
    assert record.due <= record.sent <= record.first_byte <= record.done


async def test_a_request_is_not_sent_before_it_is_due() -> None:
    """But for a millisecond."""
    times = [0.0, 0.02, 0.05]

    async with listening(Peer()) as address:
        records = await open_loop(address, [(due, request_for("/")) for due in times])

    assert all(record.lag > -0.002 for record in records)


async def test_an_answer_that_does_not_come_has_no_status() -> None:
    """Broken off, or too late: each with its reason, and the others are unharmed."""
    peer = Peer()
    async with listening(peer) as address:
        broken, well, busy = await open_loop(
            address,
            [
                (0.0, request_for("/broken", "POST")),
                (0.0, request_for("/")),
                (0.0, request_for("/busy")),
            ],
        )
        peer.gate.clear()
        [late] = await open_loop(address, [(0.0, request_for("/"))], timeout_s=0.05)

    assert (broken.status, broken.fault) == (0, "ServerDisconnectedError")
    assert (late.status, late.fault) == (0, "TimeoutError")
    assert (well.status, busy.status) == (200, 503)


async def test_method_and_headers_are_sent() -> None:
    """As the request says."""
    peer = Peer()
    async with listening(peer) as address:
        await open_loop(address, [(0.0, request_for("/a?b=%20c", "POST"))])

    assert peer.asked == ["POST /a?b=%20c mine"]


async def test_a_closed_loop_keeps_each_connection_busy_and_no_more() -> None:
    """As many at a time as there are connections."""
    peer = Peer()
    requests = [request_for("/a"), request_for("/b")]

    async with listening(peer) as address:
        records = await closed_loop(address, requests, 0.1, connections=3)

    assert peer.most <= 3
    assert len(records) >= 3
    assert {record.request.path for record in records} == {"/a", "/b"}


def test_poisson_arrivals_have_the_rate_and_the_spread() -> None:
    """The gaps of a Poisson process are as wide as their deviation; a seed gives the same ones."""
    times = list(poisson(100.0, 100.0, seed=1))
    gaps = [b - a for a, b in itertools.pairwise(times)]

    assert times == list(poisson(100.0, 100.0, seed=1)) != list(poisson(100.0, 100.0, seed=2))
    assert times == sorted(times)
    assert 0.0 < times[0] <= times[-1] < 100.0
    assert len(times) == pytest.approx(10_000, rel=0.05)
    assert statistics.stdev(gaps) == pytest.approx(statistics.mean(gaps), rel=0.05)


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 2), (0.51, 3), (0.99, 4), (1.0, 4)])
def test_a_percentile_is_one_of_the_values(share: float, value: float) -> None:
    """The nearest rank."""
    assert percentile([4, 2, 1, 3], share) == value


def test_a_percentile_of_nothing_is_not_a_number() -> None:
    """A quarter without an answer has no latency."""
    assert math.isnan(percentile([], 0.5))


def test_a_record_tells_latency_and_lag() -> None:
    """Both from when it was due."""
    record = Record(Request("/"), 1.0, 1.5, 1.75, 3.0, 200, 5)

    assert (record.latency, record.lag) == (2.0, 0.5)
