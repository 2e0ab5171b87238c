"""Load on a server: requests sent at scheduled times, without waiting for earlier answers.

Owns the request times and the clock. In an open loop latency counts from the scheduled time of a
request, so a slow server cannot slow down its own measurement (no coordinated omission). Knows HTTP
and nothing of pictures; costs about 0.2 ms of processor time for each request.
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

KEEP_ALIVE_S = 2.0  # less than servers have: none closes a connection just before its reuse
EARLY_S = 0.001  # no sleep before a request that is due within this time


@dataclass(frozen=True, slots=True)
class Request:
    """Request to send: a path with its query.

    Attributes:
        kind: label of the request in the records.
        body: body of the request; may be empty.
    """

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    kind: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Record:
    """Result of one request. Times are seconds since the run began.

    Attributes:
        due: scheduled time.
        sent: time at which it was sent.
        first_byte: time at which the head of the answer arrived.
        done: time at which the whole answer arrived, or the request failed.
        status: status of the answer; 0 if there was none.
        size: bytes of the body.
        fault: reason why there was no complete answer; empty if there was one.
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
        """Seconds from the scheduled time to the last byte."""
        return self.done - self.due

    @property
    def lag(self) -> float:
        """Seconds by which it was sent late: caused by the load generator, not by the server."""
        return self.sent - self.due


def poisson(rate: float, seconds: float, seed: int = 0) -> Iterator[float]:
    """Yield arrival times of independent clients within `seconds`, on average `rate` per second."""
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
        schedule: seconds from now and requests, in order of time; read lazily.
        timeout_s: time limit of a request.

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
    """Send a request on each connection as soon as its last answer has arrived: saturation.

    A request is due when it is sent: these latencies are not those of real clients.

    Args:
        address: as for `open_loop`.
        requests: requests to send, repeated from the start when they end.
        seconds: time after which no new request is sent.
        connections: number of concurrent requests.
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
    """Open a session to `address`, without a limit of connections; bodies are not decompressed."""
    return aiohttp.ClientSession(
        address,
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S),
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        auto_decompress=False,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of `values` do not exceed; nan if empty."""
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
            request.method,
            request.path,
            data=request.body or None,
            headers=request.headers,
            allow_redirects=False,
        ) as answer:
            first_byte = time.perf_counter() - began
            async for piece in answer.content.iter_any():
                size += len(piece)
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        fault = type(error).__name__
    done = time.perf_counter() - began
    return Record(request, due, sent, first_byte, done, status, size, fault)
