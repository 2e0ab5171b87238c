"""Replicas, devices and hit rates that a load needs, by simulation with times measured here.

    python -m bench.capacity               the plan, from bench/planning/times.json (half a minute)
    python -m bench.capacity calibrate     measures the times on this machine, and writes that file
    python -m bench.capacity check         one and two real replicas beside the simulation (minutes)

The plan is for requests that a cache does not answer: it says how many replicas keep 99 % of these
within `--p99` seconds, for several hit rates of a cache in front (docs/caching.md), and which hit
rate makes do with one replica, or with eight. docs/scaling.md explains the model and its limits.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from bench.planning.calibration import calibrate, machine
from bench.planning.checking import SHARES, SIZE, CheckRow, check
from bench.planning.needs import hit_rate_for, most_rate, replicas_for
from bench.planning.times import FILE, read_times, replicas_of, write_times

LOADS = (100, 1_000, 10_000, 100_000)  # requests a second
HIT_RATES = (0.0, 0.5, 0.9, 0.99)
FEW = (1, 8)  # replicas
P99_S = 0.25
CHECK_S = 60.0


def plan_table(most: dict[str, float]) -> list[str]:
    """Return the lines of a Markdown table.

    Args:
        most: requests a second of one replica, by description.
    """
    hits = " | ".join(f"hits {rate:.0%}" for rate in HIT_RATES)
    few = " | ".join(f"hits for {count} replica{'s'[: count - 1]}" for count in FEW)
    lines = [
        f"| replica | its requests/s | load/s | {hits} | {few} |",
        "|" + "---|" * (3 + len(HIT_RATES) + len(FEW)),
    ]
    for name, rate in most.items():
        if not rate:
            lines.append(f"| {name} | never within this time |" + " |" * (1 + len(HIT_RATES + FEW)))
            continue
        for load in LOADS:
            replicas = " | ".join(f"{replicas_for(load, hit, rate):,}" for hit in HIT_RATES)
            needed = " | ".join(f"{hit_rate_for(load, count, rate):.2%}" for count in FEW)
            lines.append(f"| {name} | {rate:,.0f} | {load:,} | {replicas} | {needed} |")
    return lines


def check_table(rows: Sequence[CheckRow]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = [
        "| replicas | requests/s | requests | failed | latency | real ms | simulated ms | off by |",
        "|" + "---|" * 8,
    ]
    lines += [
        f"| {row.replicas} | {row.rate:.1f} | {row.requests} | {row.failed} | {row.point} | "
        f"{row.real_ms:.0f} | {row.simulated_ms:.0f} | {row.difference:+.0%} |"
        for row in rows
    ]
    return lines


def print_plan(p99_s: float) -> None:
    """Simulate every kind of replica, and print what loads need."""
    measured = read_times()
    print(f"99 % within {p99_s * 1000:.0f} ms; times of {measured.model}: {measured.machine}")
    most = {name: most_rate(kind, p99_s) for name, kind in replicas_of(measured).items()}
    print("\n".join(plan_table(most)))


def print_check(seconds: float) -> None:
    """Run one and two replicas, and print them beside their simulation."""
    times = read_times().pictures[SIZE]
    print(machine())
    rows = [
        row
        for replicas in (1, 2)
        for share in SHARES
        for row in check(times, replicas, share, seconds)
    ]
    print("\n".join(check_table(rows)))


def main() -> None:
    """Plan, calibrate or check."""
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("what", nargs="?", default="plan", choices=("plan", "calibrate", "check"))
    parser.add_argument("--p99", type=float, default=P99_S, help="seconds, for the plan")
    parser.add_argument("--seconds", type=float, default=CHECK_S, help="of each run of the check")
    options = parser.parse_args()
    if options.what == "calibrate":
        write_times(calibrate())
        print(f"wrote {FILE}")
    elif options.what == "check":
        print_check(options.seconds)
    else:
        print_plan(options.p99)


if __name__ == "__main__":
    main()
