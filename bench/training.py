"""Training speed: beside a peer, within a step, and with progressive growing beside without.

    python -m bench.training [--only rival|shares|progressive]... [--data FOLDER] [--json FILE]

`rival`: images per second of whole training steps beside pro-gan-pth 3.4 (PyPI, MIT), the common
package for a Progressive GAN in PyTorch; installed at the first run into a separate folder. Same
network (128 feature maps up to 16 px, 64 at 32 px, 32 at 64 px), same resolution, batch and random
pictures, fp32, steps in turns. Once with its loss, WGAN-GP with its hyperparameters; once with
objective, penalty and precision of a preset of ours, at the same width; once with that in the other
precision. Speed-ups are ratios of the best rounds; the medians of the ratios within a round are
shown too. Our time includes reading the pictures, the peer gets its own prepared in advance. To run
on the installed torch, the peer is patched at run time; the table lists the patches
(`bench/learning/peer.py`).

`shares`: shares of the time of a real run, including ticks: reading pictures, the two networks,
everything else.

`progressive`: wall time until the SWD and KID at which a run at full size from the start ends,
with growing and without, in two real runs on the pictures of --data; about an hour. It is left out
without --data. It can be stopped at any time; the same command continues it.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from bench.learning.growing import Course, Gain, configs, play
from bench.learning.noise import write_noise
from bench.learning.peer import MENDS, REQUIREMENT, install, load, step_of
from bench.learning.rounds import Row, our_step, race, their_step
from bench.learning.settings import (
    UNLABELLED,
    default_game,
    full_size,
    other_precision,
    same_loss,
)
from bench.learning.shares import DATA, outside, shares_of_a_run
from bench.rivals.networks import WIDTHS
from models.families.progan.config import ProganConfig
from service.engine_setup import available_cores
from training.data.stream import Prepared, open_prepared

FOLDER = Path(__file__).parents[1] / "runs" / "bench-training"
PARTS = ("rival", "shares", "progressive")
NOISE = 512  # pictures
SAME_LOSS, DEFAULT, OTHER = "same loss", "default", "other precision"
BARS = {
    "speedup_same_loss": 1.4,
    "speedup_default": 5.0,
    "progressive_speedup_swd": 3.0,
    "progressive_speedup_kid": 3.0,
}
CEILINGS = {"share_data": 0.03, "share_outside_networks": 0.10}

Report = dict[str, Any]


def network_of(options: argparse.Namespace, channels: int) -> ProganConfig:
    """Return the network of the width at which all are compared."""
    return replace(WIDTHS, resolution=options.resolution, channels=channels)


def beside_the_peer(options: argparse.Namespace, prepared: Prepared) -> Report:
    """Compare in turns: the peer, ours with its loss, ours with a preset, in both precisions."""
    network = network_of(options, prepared.channels)
    default = default_game(options.preset, network, options.batch)
    code = load(install(options.folder / "peer"))
    theirs = step_of(code, network)
    steps = {
        REQUIREMENT: their_step(theirs, prepared, options.resolution, options.batch),
        SAME_LOSS: our_step(same_loss(network, options.batch), prepared),
        DEFAULT: our_step(default, prepared),
        OTHER: our_step(other_precision(default), prepared),
    }
    rows = race(steps, options.rounds, options.steps, options.batch)
    penalty = default.penalty
    game = f"{default.objective.name}, {penalty.kind} penalty on {penalty.share:g} of a batch"
    return {
        **speedups(rows),
        "rows": [asdict(row) for row in rows],
        "default_game": f"{options.preset}: {game}, {default.precision}",
        "mends": MENDS,
    }


def speedups(rows: Sequence[Row]) -> dict[str, float]:
    """Return the figures for the claims."""
    names = {SAME_LOSS: "same_loss", DEFAULT: "default", OTHER: "other_precision"}
    found: dict[str, float] = {}
    for row in rows:
        if row.name in names:
            found[f"speedup_{names[row.name]}"] = row.speedup
            found[f"median_speedup_{names[row.name]}"] = row.median_speedup
    return found


def within_a_step(options: argparse.Namespace, prepared: Prepared) -> Report:
    """Return the shares of a run of our default preset at full size, at the same width."""
    network = network_of(options, prepared.channels)
    config = default_game(options.preset, network, options.batch)
    with tempfile.TemporaryDirectory() as scratch:
        config = full_size(config, options.share_images)
        found = shares_of_a_run(config, prepared, Path(scratch) / "run")
    ends = {"share_data": found[DATA], "share_outside_networks": outside(found)}
    return {**ends, "shares": found, "share_images": options.share_images}


def growing_and_not(options: argparse.Namespace, prepared: Prepared) -> Report:
    """Continue both runs until they end, and return their gains."""
    course = Course(
        preset=options.preset,
        resolution=options.resolution,
        full_images=options.full_images,
        lower_share=options.lower_share,
        top_images=options.top_images,
        tick_images=options.tick_images,
        pictures=options.pictures,
    )
    plans = configs(course, prepared.channels)
    folder, console = options.folder / "progressive", Console(stderr=True)
    found = play(plans, prepared, course.pictures, folder, console)
    ratios = {f"progressive_speedup_{each.metric}": each.speedup for each in found}
    return {**ratios, "gains": [asdict(each) for each in found], "course": asdict(course)}


def table(report: Report) -> list[str]:
    """Return the report as lines, part by part."""
    lines = [report["machine"]]
    if rows := report.get("rows"):
        lines += ["", *(f"mend: {mend}" for mend in report["mends"])]
        lines += [f"default is {report['default_game']}; images per second:", ""]
        heads = ("best", "median", "faster", "median")
        lines.append(f"{'':20}" + "".join(f"{head:>9}" for head in heads))
        lines += [row_of(Row(**row)) for row in rows]
    if found := report.get("shares"):
        lines += ["", f"share of the time of {report['share_images']:,} images:", ""]
        lines += [f"{name:34}{share:8.1%}" for name, share in found.items()]
    for gain in report.get("gains", []):
        lines += ["", told(Gain(**gain))]
    return [*lines, "", *verdicts(report)]


def row_of(row: Row) -> str:
    """Format one contender."""
    numbers = f"{row.best:9.2f}{row.median:9.2f}{row.speedup:8.2f}x{row.median_speedup:8.2f}x"
    return f"{row.name:20}{numbers}"


def told(gain: Gain) -> str:
    """Format the gain of growing by one metric."""
    full, grown = (
        "never" if seconds is None else f"{seconds / 60:.1f} min"
        for seconds in (gain.full_s, gain.progressive_s)
    )
    line = f"{gain.metric} {gain.target:.4g}: at full size {full}, growing {grown}"
    if gain.progressive_s is None and gain.at_its_end is not None:
        line += f"; where growing ended it was {gain.at_its_end:.2f} times as fast"
    return line


def verdicts(report: Report) -> list[str]:
    """Compare each claim with its bar, and state if it was met."""
    lines: list[str] = []
    for name, bar in (*BARS.items(), *CEILINGS.items()):
        if name not in report:
            continue
        value, least = report[name], name in BARS
        met = value is not None and (value >= bar if least else value <= bar)
        limit = f"at {'least' if least else 'most'} {bar:g}"
        lines.append(f"{name} {value} ({limit}): {'met' if met else 'MISSED'}")
    return lines


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--only", action="append", choices=PARTS, help="a part; repeatable")
    parser.add_argument("--data", type=Path, help="a folder that prepare wrote; random pictures")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where peer and runs are kept")
    parser.add_argument("--preset", choices=UNLABELLED, default="personas-128")
    parser.add_argument("--resolution", type=int, default=WIDTHS.resolution, help="pixels")
    parser.add_argument("--batch", type=int, default=16, help="images in a step")
    parser.add_argument("--threads", type=int, default=available_cores())
    parser.add_argument("--rounds", type=int, default=6, help="of the race with the peer")
    parser.add_argument("--steps", type=int, default=4, help="of each contender in a round")
    parser.add_argument("--share-images", type=int, default=4_000, help="of the run for shares")
    parser.add_argument("--full-images", type=int, default=96_000, help="of the run at full size")
    parser.add_argument(
        "--lower-share", type=float, default=0.5, help="of the preset's lower levels"
    )
    parser.add_argument("--top-images", type=int, default=40_000, help="growing, at its top level")
    parser.add_argument("--tick-images", type=int, default=4_000, help="between measurements")
    parser.add_argument("--pictures", type=int, default=2_048, help="of each set, for SWD and KID")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the report")
    options = parser.parse_args(arguments)
    if options.data is None and "progressive" in (options.only or ()):
        parser.error("--only progressive needs --data: a folder that `prepare` wrote")
    options.only = options.only or [part for part in PARTS if part != "progressive" or options.data]
    return options


def measure(options: argparse.Namespace, prepared: Prepared) -> Report:
    """Run all selected parts."""
    report: Report = {"machine": machine(options.threads), "data": prepared.manifest.source.name}
    measures = {"rival": beside_the_peer, "shares": within_a_step, "progressive": growing_and_not}
    for part, found in measures.items():
        if part in options.only:
            print(f"measuring: {part}", file=sys.stderr)
            report |= found(options, prepared)
    return report


def machine(threads: int) -> str:
    """Describe the machine of this run."""
    return (
        f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}, {threads} threads, "
        f"Python {platform.python_version()}, torch {torch.__version__}"
    )


def main() -> None:
    """Measure, print the tables, write the report."""
    options = options_of()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        if options.data:
            prepared = open_prepared(options.data)
        else:
            prepared = write_noise(Path(scratch) / "noise", options.resolution, NOISE)
        report = measure(options, prepared)
    print("\n".join(table(report)))
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
