"""Half an hour of mixed traffic at 80 % of saturation: checks for memory growth and errors.

    python -m bench.soak [--minutes 30] [--load 0.8] [--json]

Starts its own service. A closed loop finds the saturation; then requests arrive at random times
(Poisson) without waiting for earlier answers, so latencies are those of real clients. The exit code
is 1 if a criterion fails: an answer that is neither a success nor a refusal, a picture whose pixels
changed, significant memory growth, a p99 that doubles from the first quarter to the last.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import platform
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.load import (
    Record,
    Request,
    closed_loop,
    open_loop,
    percentile,
    poisson,
    session_with,
)
from bench.served import Served, service
from bench.traffic import Picture, mixed, popular_paths
from bench.trend import Slope, slope_of

LOAD = 0.8  # share of saturation
CONNECTIONS = 16  # of the closed loop
SATURATION_S = 30.0
SMALLEST = 16  # pixels
SAMPLES = 600  # measurements of the resident memory
GOOD, REFUSED = {200, 304}, {429, 503, 504}
MIB_A_MINUTE_BAR = 0.1
SLOWER_BAR = 2.0


@dataclass(frozen=True)
class Part:
    """A quarter of the run, or all of it. Latencies count from the scheduled time of a request."""

    requests: int
    a_second: float
    p50_ms: float
    p99_ms: float
    lag_p99_ms: float
    refused: int
    wrong: int
    resident_mib: float
    mib_a_minute: float
    mib_a_minute_error: float


@dataclass(frozen=True)
class Run:
    """All measurements.

    Attributes:
        memory: seconds since the load began, and resident MiB at that time.
        changed: popular pictures whose pixels differ at the end.
    """

    seconds: float
    saturation: float
    rate: float
    records: Sequence[Record]
    memory: Sequence[tuple[float, float]]
    changed: Sequence[str]


async def look(address: str, paths: Iterable[str]) -> list[tuple[str, str]]:
    """Return ETag and pixel digest of the picture at each path."""
    async with session_with(address, 60.0) as session:
        found: list[tuple[str, str]] = []
        for path in paths:
            async with session.get(path) as answer:
                answer.raise_for_status()
                found.append((answer.headers["ETag"], answer.headers["X-Pixel-SHA256"]))
    return found


async def resolutions_of(address: str) -> list[int]:
    """Return the resolutions of the default model, from `SMALLEST` px on."""
    async with session_with(address, 60.0) as session, session.get("/models") as answer:
        told = await answer.json()
    (card,) = [card for card in told["models"] if card["default"]]
    return [r for r in card["resolutions"] if r >= SMALLEST] or card["resolutions"]


async def weigh(served: Served, seconds: float) -> list[tuple[float, float]]:
    """Measure the resident memory, `SAMPLES` times within `seconds`."""
    began = time.perf_counter()
    samples: list[tuple[float, float]] = []
    for n in range(SAMPLES):
        await asyncio.sleep(max(0.0, n * seconds / SAMPLES - (time.perf_counter() - began)))
        samples.append((time.perf_counter() - began, served.resident_mib()))
    return samples


async def soak(served: Served, seconds: float, load: float) -> Run:
    """Find the saturation, then send a share `load` of it for `seconds`."""
    chance = random.Random(1)
    resolutions = await resolutions_of(served.address)
    paths = popular_paths(resolutions, chance)
    before = await look(served.address, paths)
    popular = [Picture(path, etag) for path, (etag, _) in zip(paths, before, strict=True)]
    requests = mixed(resolutions, popular, chance)

    saturating = min(SATURATION_S, seconds / 4)
    known: list[Request] = list(itertools.islice(requests, 5000))
    await closed_loop(served.address, known, saturating / 2, connections=CONNECTIONS)  # warm-up
    full = await closed_loop(served.address, known, saturating, connections=CONNECTIONS)
    saturation = sum(record.status in GOOD for record in full) / max(r.done for r in full)

    rate = load * saturation
    schedule = zip(poisson(rate, seconds, seed=1), requests, strict=False)
    memory, records = await asyncio.gather(
        weigh(served, seconds), open_loop(served.address, schedule)
    )
    after = await look(served.address, paths)
    changed = [p for p, b, a in zip(paths, before, after, strict=True) if b[1] != a[1]]
    return Run(seconds, saturation, rate, records, memory, changed)


def part_of(run: Run, began: float, ended: float) -> Part:
    """Summarize the run between two times."""
    records = [record for record in run.records if began <= record.due < ended]
    memory = [(when, mib) for when, mib in run.memory if began <= when < ended]
    latencies = [record.latency * 1000 for record in records if record.status in GOOD]
    slope = slope_of([when for when, _ in memory], [mib for _, mib in memory])
    statuses = Counter(record.status for record in records)
    refused = sum(statuses[status] for status in REFUSED)
    good = sum(statuses[status] for status in GOOD)
    return Part(
        requests=len(records),
        a_second=len(records) / (ended - began),
        p50_ms=percentile(latencies, 0.5),
        p99_ms=percentile(latencies, 0.99),
        lag_p99_ms=percentile([record.lag * 1000 for record in records], 0.99),
        refused=refused,
        wrong=len(records) - good - refused,
        resident_mib=memory[-1][1] if memory else float("nan"),
        mib_a_minute=slope.value * 60,
        mib_a_minute_error=slope.error * 60,
    )


def quarters_of(run: Run) -> list[Part]:
    """Return the four quarters of the run."""
    quarter = run.seconds / 4
    return [part_of(run, n * quarter, (n + 1) * quarter) for n in range(4)]


def missed(run: Run) -> list[str]:
    """Describe the failed criteria. In the first quarter memory may grow, since caches fill."""
    quarters, settled = quarters_of(run), part_of(run, run.seconds / 4, run.seconds)
    growth = Slope(settled.mib_a_minute, settled.mib_a_minute_error)
    found: list[str] = []
    if wrong := [record for record in run.records if record.status not in GOOD | REFUSED]:
        kinds = Counter(record.fault or str(record.status) for record in wrong)
        found.append(f"{len(wrong)} answers were neither good nor refusals: {dict(kinds)}")
    if run.changed:
        found.append(f"{len(run.changed)} pictures changed, as {run.changed[0]}")
    if growth.surely_above(MIB_A_MINUTE_BAR):
        found.append(f"memory grows by {growth.value:.2f} +- {growth.error:.2f} MiB a minute")
    if quarters[3].p99_ms > SLOWER_BAR * quarters[0].p99_ms:
        found.append(f"p99 went from {quarters[0].p99_ms:.0f} to {quarters[3].p99_ms:.0f} ms")
    return found


def as_json(run: Run) -> dict[str, Any]:
    """Return the report for programs."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return {
        "machine": machine,
        "minutes": run.seconds / 60,
        "saturation_a_second": run.saturation,
        "rate_a_second": run.rate,
        "statuses": {str(k): n for k, n in sorted(Counter(r.status for r in run.records).items())},
        "pictures_changed": len(run.changed),
        "quarters": [asdict(part) for part in quarters_of(run)],
        "settled": asdict(part_of(run, run.seconds / 4, run.seconds)),
        "all": asdict(part_of(run, 0.0, run.seconds)),
        "missed": missed(run),
    }


def as_table(report: dict[str, Any]) -> str:
    """Return the report as a table."""
    heads = ("requests", "a second", "p50 ms", "p99 ms", "lag p99", "refused", "wrong", "MiB")
    rate, most = report["rate_a_second"], report["saturation_a_second"]
    load = f"{report['minutes']:g} minutes at {rate:.1f} of {most:.1f} requests a second"
    lines = [
        f"{report['machine']}; {load}; answers {report['statuses']}",
        f"{'':12}" + "".join(f"{head:>10}" for head in heads) + "   MiB a minute",
    ]
    rows = {f"quarter {n + 1}": part for n, part in enumerate(report["quarters"])}
    for name, part in {**rows, "quarters 2-4": report["settled"], "all": report["all"]}.items():
        *numbers, slope, error = part.values()
        cells = "".join(f"{x:10d}" if isinstance(x, int) else f"{x:10.1f}" for x in numbers)
        lines.append(f"{name:12}{cells}   {slope:+.3f} +- {error:.3f}")
    lines += [f"missed: {each}" for each in report["missed"]] or ["no bar is missed"]
    return "\n".join(lines)


def main() -> None:
    """Run the test, print the report, exit with 1 if a criterion fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--load", type=float, default=LOAD, help="share of the saturation")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with service() as served:
        report = as_json(asyncio.run(soak(served, options.minutes * 60, options.load)))
    print(json.dumps(report, indent=2) if options.json else as_table(report))
    sys.exit(1 if report["missed"] else 0)


if __name__ == "__main__":
    main()
