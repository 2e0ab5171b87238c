"""Requests for small pictures beside an open download of a data set, and without one.

Owns the rounds, in turn, and the pooling of their latencies. Knows no archives.
"""

from __future__ import annotations

import asyncio
import random
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from bench.load import Request, open_loop, percentile, poisson, session_with
from bench.served import Served

SMALL = (16, 32, 64)  # pixels
FORMATS = ("png", "webp", "jpeg")
WARM_UP_S = 2.0


@dataclass(frozen=True)
class BesideRow:
    """Requests without or beside an open download, all rounds together.

    Attributes:
        a_second: pictures a second of the download meanwhile.
    """

    name: str
    requests: int
    failed: int
    p50_ms: float
    p99_ms: float
    lag_p99_ms: float
    a_second: float


def small_pictures(chance: random.Random) -> Iterator[Request]:
    """Yield requests for small pictures of mixed sizes and formats, without end."""
    while True:
        size, kind = chance.choice(SMALL), chance.choice(FORMATS)
        yield Request(f"/images/{chance.getrandbits(53)}?resolution={size}&format={kind}")


async def one_round(
    served: Served, resolution: int, seconds: float, rate: float, seed: int, *, beside: bool
) -> tuple[list[float], list[float], int, float]:
    """Send requests for some seconds, beside an open download or not.

    Returns:
        Latencies and lags in seconds, failed requests, and pictures a second of the download.
    """
    reading = asyncio.create_task(read_on(served, resolution)) if beside else None
    await asyncio.sleep(WARM_UP_S)
    before, began = images_sent(served), time.monotonic()
    due = poisson(rate, seconds, seed)
    schedule = zip(due, small_pictures(random.Random(seed)), strict=False)
    records = await open_loop(served.address, schedule)
    speed = (images_sent(served) - before) / (time.monotonic() - began)
    if reading is not None:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
    failed = sum(record.status != 200 for record in records)
    return [r.latency for r in records], [r.lag for r in records], failed, speed


async def read_on(served: Served, resolution: int) -> None:
    """Read a data set that does not end, until cancelled."""
    path = f"/datasets?count=1000000&format=webdataset&resolution={resolution}"
    async with session_with(served.address, 3600) as session, session.get(path) as answer:
        async for _ in answer.content.iter_any():
            pass


def images_sent(served: Served) -> float:
    """Return the number of pictures that the service has sent in data sets."""
    with urllib.request.urlopen(f"{served.address}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    counts = [line.split() for line in lines if line.startswith("progan_dataset_images_total{")]
    return sum(float(count) for _, count in counts)


def beside_rows(
    served: Served, resolution: int, rounds: int, seconds: float, rate: float
) -> list[BesideRow]:
    """Measure rounds without and with a download, in turn.

    Args:
        served: the service.
        resolution: of the pictures of the download.
        rounds: number of rounds of each kind.
        seconds: duration of a round.
        rate: requests a second in a round.
    """
    found: dict[bool, list[tuple[list[float], list[float], int, float]]] = {False: [], True: []}
    for number in range(rounds):
        for beside in (False, True) if number % 2 == 0 else (True, False):
            round_ = one_round(served, resolution, seconds, rate, number, beside=beside)
            found[beside].append(asyncio.run(round_))
    return [
        _pooled(name, found[beside])
        for name, beside in (("without a download", False), ("beside one", True))
    ]


def _pooled(name: str, rounds: Sequence[tuple[list[float], list[float], int, float]]) -> BesideRow:
    latencies = [each for latencies, _, _, _ in rounds for each in latencies]
    lags = [each for _, lags, _, _ in rounds for each in lags]
    return BesideRow(
        name,
        len(latencies),
        sum(failed for _, _, failed, _ in rounds),
        percentile(latencies, 0.5) * 1000,
        percentile(latencies, 0.99) * 1000,
        percentile(lags, 0.99) * 1000,
        sum(rate for _, _, _, rate in rounds) / len(rounds),
    )
