"""Results of all rounds as rows, ratios and a table.

Owns the comparisons. Knows no server and starts nothing.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from bench.rivals.catalogue import OURS, RIVALS
from bench.rivals.measuring import Latency, Plan, Result

AS_WRITTEN, OUR_ENGINE = "eager", "engine"
BARE = "bare loop"
BARE_EACH = "bare loops"


@dataclass(frozen=True)
class Contender:
    """Server with its implementation inside."""

    name: str
    inside: str
    run: Callable[[Plan], Result]

    @property
    def is_ours(self) -> bool:
        """True if it is the service itself."""
        return self.name == OURS


@dataclass(frozen=True)
class Row:
    """One contender on one network, over all rounds.

    Attributes:
        images_per_s: images per second at saturation; the median.
        images_per_s_most: images per second of the best round.
        cpu_ms_per_image: processor time of all its processes, at saturation.
        memory_mb: resident memory in MiB; shared pages divided among their processes.
        latency: latencies at shares of its own saturation.
        latency_at_our_rates: latencies at the same shares of ours.
        pixel_steps: largest difference from our pictures, of 255; 0 means equal pictures. Another
            number of kernel threads may change the rounding of the last bit.
    """

    network: str
    server: str
    inside: str
    images_per_s: float
    images_per_s_most: float
    cpu_ms_per_image: float
    memory_mb: float | None
    start_s: float | None
    error_rate: float
    latency: tuple[Latency, ...]
    latency_at_our_rates: tuple[Latency, ...]
    pixel_steps: int | None
    rounds: int


def rows_of(network: str, results: dict[Contender, list[Result]]) -> list[Row]:
    """Compute the medians over the rounds."""
    ours = [result for one, found in results.items() if one.is_ours for result in found]
    return [
        Row(
            network=network,
            server=one.name,
            inside=one.inside,
            images_per_s=statistics.median(r.images_per_s for r in found),
            images_per_s_most=max(r.images_per_s for r in found),
            cpu_ms_per_image=statistics.median(r.cpu_ms_per_image for r in found),
            memory_mb=median(r.memory_mb for r in found),
            start_s=median(r.start_s for r in found),
            error_rate=max(r.error_rate for r in found),
            latency=medians([r.own for r in found]),
            latency_at_our_rates=found[-1].ours,
            pixel_steps=pixel_steps(found[0], ours[0]) if ours else None,
            rounds=len(found),
        )
        for one, found in results.items()
        if found
    ]


def medians(rounds: list[tuple[Latency, ...]]) -> tuple[Latency, ...]:
    """Compute the median of each number over the rounds."""
    names = Latency.__annotations__
    return tuple(
        Latency(**{n: statistics.median(getattr(one, n) for one in same) for n in names})
        for same in zip(*rounds, strict=True)
    )


def median(values: Iterable[float | None]) -> float | None:
    """Return the median of the known values; None if there are none."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def pixel_steps(one: Result, other: Result) -> int | None:
    """Return the largest pixel difference for the same seeds; None if there are no pictures."""
    apart = [
        int(np.abs(a.astype(np.int16) - b.astype(np.int16)).max())
        for a, b in zip(one.pixels, other.pixels, strict=False)
    ]
    return max(apart, default=None)


def ratios(rows: list[Row]) -> dict[str, float | None]:
    """Return the ratios of ours to the best of each kind, by images per second at saturation."""

    def best(wanted: Callable[[Row], bool]) -> float | None:
        return max((row.images_per_s for row in rows if wanted(row)), default=None)

    def over(mark: float | None) -> float | None:
        ours = best(lambda row: row.server == OURS)
        return round(ours / mark, 3) if ours and mark else None

    rivals = {server.name for server in RIVALS}
    return {
        "speedup_a": over(best(lambda r: r.server in rivals and r.inside == AS_WRITTEN)),
        "ratio_b": over(best(lambda r: r.server in rivals and r.inside == OUR_ENGINE)),
        "efficiency": over(best(lambda r: r.server == BARE)),
        "efficiency_of_bare_loops_on_each_core": over(best(lambda r: r.server == BARE_EACH)),
    }


def table(rows: list[Row]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield (
        f"{'server':22}{'inside':8}{'img/s':>7}{'most':>7}{'cpu ms':>8}{'MiB':>7}{'start':>7}"
        f"{'p50/p99 at 50 %':>17}{'at 80 %':>15}{'errors':>8}{'pixels':>8}"
        "   p50/p99 ms (errors) at 50 %, 80 % of ours"
    )
    for row in rows:
        own = [f"{one.p50_ms:.0f}/{one.p99_ms:.0f}" for one in row.latency] or ["", ""]
        steps = {None: "", 0: "same"}.get(row.pixel_steps, f"+-{row.pixel_steps}")
        memory = "" if row.memory_mb is None else f"{row.memory_mb:.0f}"
        start = "" if row.start_s is None else f"{row.start_s:.1f}"
        at_ours = [
            f"{one.p50_ms:.0f}/{one.p99_ms:.0f} ({one.error_rate:.0%})"
            for one in row.latency_at_our_rates
        ]
        yield (
            f"{row.server:22}{row.inside:8}{row.images_per_s:7.1f}{row.images_per_s_most:7.1f}"
            f"{row.cpu_ms_per_image:8.2f}{memory:>7}{start:>7}"
            f"{own[0]:>17}{own[1]:>15}{row.error_rate:8.1%}{steps:>8}   {', '.join(at_ours)}"
        )
