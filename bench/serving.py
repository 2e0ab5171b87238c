"""Throughput and latency of the service on one machine, beside the alternatives to it.

    python bench/serving.py [--network random-64]... [--rounds 2] [--seconds 4] [--json]

Each server runs (a) with the plain network in eager torch and Pillow, as usual code does, and (b)
with our engine and encoder inside. The service has four rows: one process with unsigned files,
which is compared with the others; with signed files, as it is without settings; two front ends and
an engine process; two replicas on Ray Serve. The others are installed at the first run into a
separate folder (`bench/rivals/`). Rounds are interleaved: each server is started, warmed up,
measured and stopped before the next one is started. Numbers are medians over the rounds.

Saturation comes from a closed loop; latencies from an open one, in which requests arrive as from
independent clients, even while the server is busy.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # started as a file: service/ is beside bench/
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.rivals.catalogue import FRONT_ENDS, PROGAN, REPLICAS, RIVALS, SIGNED, Server
from bench.rivals.environment import FOLDER, python_of
from bench.rivals.inside import Orders
from bench.rivals.measuring import SHARES, Plan, Result, bare, measure
from bench.rivals.networks import names as network_names
from bench.rivals.networks import network_of
from bench.rivals.processes import DidNotStart
from bench.rivals.rows import (
    AS_WRITTEN,
    BARE,
    BARE_EACH,
    OUR_ENGINE,
    Contender,
    Row,
    ratios,
    rows_of,
    table,
)


def contenders(servers: list[Server]) -> Iterator[Contender]:
    """Yield ours first: its saturation determines the common rates for the others."""
    cores = len(os.sched_getaffinity(0))
    nowhere = Orders(0, Path(), OUR_ENGINE, 1, cores)
    each = replace(nowhere, workers=cores, threads=1)
    for ours in (PROGAN, SIGNED, FRONT_ENDS, REPLICAS):
        yield Contender(ours.name, OUR_ENGINE, lambda plan, s=ours: measure(s, nowhere, plan))
    yield Contender(BARE, OUR_ENGINE, lambda plan: bare(nowhere, plan))
    yield Contender(BARE_EACH, OUR_ENGINE, lambda plan: bare(each, plan))
    for inside in (OUR_ENGINE, AS_WRITTEN):
        for server in servers:
            told = replace(each, inside=inside)
            yield Contender(server.name, inside, lambda plan, s=server, t=told: measure(s, t, plan))


def rounds_of(plan: Plan, everyone: list[Contender], rounds: int) -> dict[Contender, list[Result]]:
    """Return all results of one network; servers that do not start are logged and left out."""
    results: dict[Contender, list[Result]] = {one: [] for one in everyone}
    for turn in range(rounds):
        rates: tuple[float, ...] = ()
        for one in everyone:
            print(f"{plan.network.name}, round {turn + 1}: {one.name}", file=sys.stderr)
            try:
                result = one.run(replace(plan, rates=() if one.is_ours else rates))
            except DidNotStart as error:
                print(error, file=sys.stderr)
                continue
            results[one].append(result)
            if one.is_ours and turn == rounds - 1:
                rates = tuple(share * result.images_per_s for share in SHARES)
    return results


def report(rows: list[Row], options: argparse.Namespace) -> dict[str, Any]:
    """Return the whole report for JSON; the ratios at the top are those of the first network."""
    by_network = {name: [row for row in rows if row.network == name] for name in options.network}
    found = {name: ratios(some) for name, some in by_network.items()}
    return {
        **found[options.network[0]],
        "networks": found,
        "rows": [asdict(row) for row in rows],
        "machine": machine(),
        "versions": {server.name: version_of(server) for server in RIVALS},
        "rounds": options.rounds,
        "seconds": options.seconds,
        "connections": options.connections,
    }


def machine() -> str:
    """Describe the machine of this run."""
    cores = len(os.sched_getaffinity(0))
    return f"{platform.machine()}, {cores} cores, Python {platform.python_version()}"


def version_of(server: Server) -> str:
    """Return the version that is pinned for an alternative, or installed here."""
    lines = (Path(__file__).parent / "rivals" / "requirements.txt").read_text().splitlines()
    pins = [line.partition("==")[::2] for line in lines]
    pinned = [number for name, number in pins if name.partition("[")[0] == server.package]
    return pinned[0] if pinned else version(server.package)


def parse() -> argparse.Namespace:
    """Parse the command line."""
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    known = [server.name for server in RIVALS]
    parser.add_argument("--network", action="append", choices=network_names())
    parser.add_argument("--server", action="append", choices=known, help="default: all")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument("--connections", type=int, default=16, help="at saturation")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where rivals are installed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.network = options.network or network_names()
    options.server = options.server or known
    return options


def main() -> None:
    """Measure, and print a table or JSON."""
    options = parse()
    everyone = list(contenders([s for s in RIVALS if s.name in options.server]))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        python = python_of(options.folder)
        for name in options.network:
            network = network_of(name, folder)
            plan = Plan(network, python, folder, options.seconds, options.connections)
            rows += rows_of(name, rounds_of(plan, everyone, options.rounds))
    found = report(rows, options)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    print(found["machine"], found["versions"])
    for name, some in found["networks"].items():
        print(f"\n{name}: {some}")
        print("\n".join(table([row for row in rows if row.network == name])))


if __name__ == "__main__":
    main()
