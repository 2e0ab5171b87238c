"""The simulation beside real runs: one and two replicas of a service whose engine waits.

Owns the runs and their comparison. Both sides get the same arrival times and the same choice of
replicas, so nothing differs but the service itself. The engine waits instead of computing, and long
enough that a busy machine hardly matters.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.load import Record, Request, open_loop, percentile, poisson
from bench.paced.engine import Pace
from bench.paced.pictures import noise_pictures
from bench.paced.process import PacedService, paced_service
from bench.planning.simulation import PictureTimes, Replica, routes, simulate

SIZE = 64  # pixels
PACE = Pace(0.8, 0.15)
MAX_BATCH = 8
SHARES = (0.5, 0.8)  # of what the replicas can do
ADMITS_ALL: dict[str, Any] = {
    "max_batch": MAX_BATCH,
    "batch_work_s": 60,
    "queue_work_s": 600,
    "deadline_s": 300,
}
POINTS = {"mean": None, "p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class CheckRow:
    """One point of the latencies of a run, in milliseconds."""

    replicas: int
    rate: float
    requests: int
    failed: int
    point: str
    real_ms: float
    simulated_ms: float

    @property
    def difference(self) -> float:
        """The simulated value less the real one, as a share of the real one."""
        return self.simulated_ms / self.real_ms - 1


def check(
    times: PictureTimes, replicas: int, share: float, seconds: float, pace: Pace = PACE
) -> list[CheckRow]:
    """Run and simulate replicas at a share of their limit.

    Args:
        times: those of HTTP and encoding count.
        replicas: number of replicas.
        share: of the requests that they can answer.
        seconds: duration of the run.
        pace: of the engine.
    """
    paced = PictureTimes(times.http_s, pace.batch_s, pace.each_s, times.encode_s)
    kind = Replica(paced, cores=1, max_batch=MAX_BATCH, on_cores=False)
    rate = share * kind.limit * replicas
    arrivals = list(poisson(rate, seconds, seed=replicas))
    chosen = routes(len(arrivals), replicas, seed=replicas)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        services = [
            stack.enter_context(
                paced_service(Path(folder) / str(n), pace, noise_pictures([SIZE]), **ADMITS_ALL)
            )
            for n in range(replicas)
        ]
        records = asyncio.run(_send(services, arrivals, chosen))
    real = [record.latency for record in records if record.status == 200]
    simulated = simulate(kind, arrivals, replicas=replicas, seed=replicas).latencies_s
    failed = len(records) - len(real)
    return [
        CheckRow(
            replicas,
            rate,
            len(records),
            failed,
            point,
            point_of_latencies(real, level) * 1000,
            point_of_latencies(simulated, level) * 1000,
        )
        for point, level in POINTS.items()
    ]


def point_of_latencies(latencies: Sequence[float], level: float | None) -> float:
    """A percentile of `latencies`, or their mean if `level` is None."""
    if level is not None:
        return percentile(latencies, level)
    return sum(latencies) / max(len(latencies), 1)


async def _send(
    services: Sequence[PacedService], arrivals: Sequence[float], chosen: Sequence[int]
) -> list[Record]:
    schedules = [
        [
            (when, Request(f"/images/{n}?resolution={SIZE}"))
            for n, (when, which) in enumerate(zip(arrivals, chosen, strict=True))
            if which == number
        ]
        for number in range(len(services))
    ]
    loops = [
        open_loop(service.address, schedule)
        for service, schedule in zip(services, schedules, strict=True)
    ]
    return [record for records in await asyncio.gather(*loops) for record in records]
