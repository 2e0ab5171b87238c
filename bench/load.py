"""Load on a server: requests sent at given times, whether or not earlier answers are there.

Owns the pace and the clock. In an open loop latency counts from the time a request was due, so a
slow server cannot slow its own measurement down (no coordinated omission). Knows HTTP and nothing
of pictures; costs about 0.2 ms of processor time for each request.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp

KEEP_ALIVE_S = 2.0  # less than servers have: none closes a connection just as it is used again
EARLY_S = 0.001  # a request that is due this soon is not slept for


@dataclass(frozen=True, slots=True)
class Request:
    """What to send: a path with its query, without a body.

    Attributes:
        kind: a name for the reader of the records.
    """

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one request. Times are seconds since the run began.

    Attributes:
        due: when it was to be sent.
        sent: when it was.
        first_byte: when the head of the answer was there.
        done: when all of it was, or when it was given up.
        status: of the answer; 0 where none came.
        size: bytes of the body.
        fault: why no whole answer came, or nothing.
    """

    request: Request
    due: float
    sent: float
    first_byte: float
    done: float
    status: int
    size: int
    fault: str = ""

    @property
    def latency(self) -> float:
        """Seconds from when it was due to the last byte."""
        return self.done - self.due

    @property
    def lag(self) -> float:
        """Seconds by which it was sent too late: the generator's fault, not the server's."""
        return self.sent - self.due


def poisson(rate: float, seconds: float, seed: int = 0) -> Iterator[float]:
    """Arrival times within `seconds`, `rate` a second on average, as independent clients make."""
    chance = random.Random(seed)
    now = chance.expovariate(rate)
    while now < seconds:
        yield now
        now += chance.expovariate(rate)


async def open_loop(
    address: str, schedule: Iterable[tuple[float, Request]], *, timeout_s: float = 60.0
) -> list[Record]:
    """Send each request when it is due, and wait for all answers.

    Args:
        address: as `http://127.0.0.1:8000`.
        schedule: seconds from now and requests, in order of time; read as it is needed.
        timeout_s: after which an answer is given up.

    Returns:
        A record for each request, in the order of the schedule.
    """
    async with session_with(address, timeout_s) as session:
        began = time.perf_counter()
        waiting: list[asyncio.Task[Record]] = []
        for due, request in schedule:
            early = due - (time.perf_counter() - began)
            await asyncio.sleep(early if early > EARLY_S else 0)
            waiting.append(asyncio.create_task(_send(session, request, due, began)))
        return list(await asyncio.gather(*waiting))


async def closed_loop(
    address: str,
    requests: Iterable[Request],
    seconds: float,
    *,
    connections: int,
    timeout_s: float = 60.0,
) -> list[Record]:
    """Send a request on each connection as soon as its last answer is there: saturation.

    A request is due when it is sent: these latencies tell nothing of what clients would see.

    Args:
        address: as for `open_loop`.
        requests: what to send, over again when it ends.
        seconds: after which nothing new is sent.
        connections: how many requests are under way at a time.
        timeout_s: as for `open_loop`.
    """
    records: list[Record] = []
    following = itertools.cycle(requests)
    async with session_with(address, timeout_s) as session:
        began = time.perf_counter()

        async def client() -> None:
            while (now := time.perf_counter() - began) < seconds:
                records.append(await _send(session, next(following), now, began))

        await asyncio.gather(*(client() for _ in range(connections)))
    return records


def session_with(address: str, timeout_s: float) -> aiohttp.ClientSession:
    """Connections to `address`, as many as it takes, bodies left as they come."""
    return aiohttp.ClientSession(
        address,
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S),
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        auto_decompress=False,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` of them do not exceed; nan of none."""
    if not values:
        return float("nan")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


async def _send(
    session: aiohttp.ClientSession, request: Request, due: float, began: float
) -> Record:
    sent = first_byte = time.perf_counter() - began
    status = size = 0
    fault = ""
    try:
        async with session.request(
            request.method, request.path, headers=request.headers, allow_redirects=False
        ) as answer:
            first_byte = time.perf_counter() - began
            async for piece in answer.content.iter_any():
                size += len(piece)
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        fault = type(error).__name__
    done = time.perf_counter() - began
    return Record(request, due, sent, first_byte, done, status, size, fault)
