"""What is measured of one server in one round.

Owns saturation, latency at a share of it, cost, and the check of the pictures. Knows servers as
rows of the catalogue, and load as `bench.load` makes it.
"""

from __future__ import annotations

import asyncio
import io
import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image

from bench.load import Record, Request, closed_loop, open_loop, percentile, poisson
from bench.rivals.catalogue import HOST, Server, environment_of
from bench.rivals.inside import Orders
from bench.rivals.networks import Network
from bench.rivals.processes import Running, ask
from models.picture import Pixels

SHARES = (0.5, 0.8)
WARM_UP_SHARE = 0.3  # of the seconds of a measurement
GIVE_UP_S = 15.0  # after which a client has no use for an answer any more
CHECKED_SEEDS = (1, 2, 2**40 + 7)


@dataclass(frozen=True)
class Plan:
    """How a round goes.

    Attributes:
        seconds: of each measurement.
        connections: for saturation.
        rates: images a second at which everybody is measured, besides shares of its own.
    """

    network: Network
    python: Path
    folder: Path
    seconds: float
    connections: int
    rates: tuple[float, ...] = ()


@dataclass(frozen=True)
class Latency:
    """An open loop at one rate. Latencies in milliseconds, of all that were answered."""

    rate: float
    p50_ms: float
    p99_ms: float
    error_rate: float
    lag_ms: float  # by which the generator itself was late, p99


@dataclass(frozen=True)
class Result:
    """One server in one round."""

    images_per_s: float
    cpu_ms_per_image: float
    memory_mb: float | None
    start_s: float | None
    error_rate: float
    own: tuple[Latency, ...]
    ours: tuple[Latency, ...]
    pixels: tuple[Pixels, ...] = field(repr=False, default=())


def measure(server: Server, told: Orders, plan: Plan) -> Result:
    """Start it, look at its pictures, load it, stop it.

    Raises:
        DidNotStart: it never answered.
    """
    told = replace(told, port=free_port(), bundles=plan.network.bundles)
    address = f"http://{HOST}:{told.port}"
    log = plan.folder / f"{server.name}-{told.inside}.log"
    command = server.command(plan.python, told)
    asking = requests_for(server, plan.network.resolution)
    with Running(command, environment_of(server, told), log, address) as running:
        start_s = running.wait_for(next(asking))
        pixels = tuple(
            pixels_of(ask(address, server.ask(seed, plan.network.resolution)))
            for seed in CHECKED_SEEDS
        )
        saturate(running, asking, plan, plan.seconds * WARM_UP_SHARE)
        used = running.processor_s()
        records = saturate(running, asking, plan, plan.seconds)
        used = running.processor_s() - used
        answered = sum(record.status == 200 for record in records)
        most = sum(r.status == 200 and r.done <= plan.seconds for r in records) / plan.seconds
        return Result(
            images_per_s=most,
            cpu_ms_per_image=used * 1000 / max(answered, 1),
            memory_mb=running.memory_mb(),
            start_s=start_s,
            error_rate=error_rate(records),
            own=tuple(latency(running, asking, share * most, plan) for share in SHARES),
            ours=tuple(latency(running, asking, rate, plan) for rate in plan.rates),
            pixels=pixels,
        )


def requests_for(server: Server, resolution: int) -> Iterator[Request]:
    """Requests for one seed after another, none twice."""
    return (server.ask(seed, resolution) for seed in count(1000))


def saturate(
    running: Running, asking: Iterator[Request], plan: Plan, seconds: float
) -> list[Record]:
    """A closed loop: as much as it can do."""
    loop = closed_loop(
        running.address, asking, seconds, connections=plan.connections, timeout_s=GIVE_UP_S
    )
    return asyncio.run(loop)


def latency(running: Running, asking: Iterator[Request], rate: float, plan: Plan) -> Latency:
    """An open loop at `rate` requests a second."""
    schedule = zip(poisson(max(rate, 0.1), plan.seconds), asking, strict=False)
    records = asyncio.run(open_loop(running.address, schedule, timeout_s=GIVE_UP_S))
    waited = [record.latency for record in records if record.status == 200]
    return Latency(
        rate=rate,
        p50_ms=percentile(waited, 0.5) * 1000,
        p99_ms=percentile(waited, 0.99) * 1000,
        error_rate=error_rate(records),
        lag_ms=percentile([record.lag for record in records], 0.99) * 1000,
    )


def error_rate(records: Sequence[Record]) -> float:
    """The share that was not answered with a picture."""
    return sum(record.status != 200 for record in records) / max(len(records), 1)


def pixels_of(file: bytes) -> Pixels:
    """The decoded picture `[H, W]` or `[H, W, C]`."""
    return np.asarray(Image.open(io.BytesIO(file)))


def bare(told: Orders, plan: Plan) -> Result:
    """The loop without HTTP: `told.workers` of them side by side."""
    told = replace(told, bundles=plan.network.bundles)
    command = [sys.executable, "-m", "bench.rivals.bare", str(plan.seconds)]
    environment = environment_of(BARE, told)
    loops = [
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(told.workers)
    ]
    for one in loops:
        assert one.stdout is not None
        one.stdout.readline()  # it has loaded
    said = [json.loads(one) for one in _let_go(loops)]
    return Result(
        images_per_s=sum(one["images_per_s"] for one in said),
        cpu_ms_per_image=sum(one["cpu_ms_per_image"] for one in said) / len(said),
        memory_mb=None,
        start_s=None,
        error_rate=0.0,
        own=(),
        ours=(),
    )


BARE = Server("bare loop", "", lambda _python, _told: [], lambda seed, _r: Request(str(seed)))


def _let_go(loops: list[subprocess.Popen[str]]) -> list[str]:
    for one in loops:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    return [one.communicate()[0] for one in loops]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
