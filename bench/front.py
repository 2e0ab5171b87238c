"""Requests a second and processor time of the HTTP side, with an engine that costs nothing.

    python -m bench.front [--seconds 3] [--size 64]... [--format png]... [--json]
    python -m bench.front --frontends 1 --frontends 2 [--seconds 3] [--size 64]... [--format png]...

The engine answers up to 32 pictures in 4 ms without using the processor (`bench/paced/`), as a fast
device would; everything else is the service as it runs. Pictures are those of `personas-256`,
halved or doubled in size. A closed loop of 64 connections saturates the service; the load generator
shares the machine, so processor time is the number to rely on and requests a second are a lower
bound. `cores` is what a device needs beside it at that many pictures a second.

Processor time is told by the clocks of the threads: the event loop (http), the engine's thread
(hand-over), the encoder threads (encoding, with metadata and signatures). With `--frontends` the
service is that many front-end processes and an engine process, files are unsigned, and the time is
told by the kind of process.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.paced.pictures import sized_pictures
from bench.paced.process import PacedService, Used, paced_service
from bench.paced.saturation import BATCH, DEVICE, WARM_UP_S, requests_for, saturate
from bench.paced.tree_rows import tree_rows_of, tree_table
from models.picture import Pixels

SHIPPED = Path(__file__).parents[1] / "models" / "pretrained"
PICTURES_OF = "personas-256"
SIZES = (64, 256, 512)  # pixels
FORMATS = ("png", "webp", "jpeg")
RATES = (1_000, 3_000, 10_000)  # pictures a second of a device


@dataclass(frozen=True)
class FrontRow:
    """Cost of one kind of picture.

    Attributes:
        credentials: True if files are signed.
        a_second: answers a second of a closed loop.
        failed: requests without a picture.
        ms: processor milliseconds of a picture.
    """

    size: int
    format: str
    credentials: bool
    a_second: float
    failed: int
    ms: Used

    def cores(self, rate: float) -> float:
        """Processor cores beside a device of `rate` pictures a second."""
        return rate * self.ms.total / 1000


def measure(
    service: PacedService, size: int, image_format: str, seconds: float, *, credentials: bool
) -> FrontRow:
    """Saturate the service with requests for one kind of picture."""
    requests = requests_for(size, image_format)
    saturate(service, requests, WARM_UP_S)
    before = service.used()
    records = saturate(service, requests, seconds)
    pictures = [record for record in records if record.status == 200]
    ms = service.used().since(before, len(pictures))
    a_second = len(pictures) / max(record.done for record in records)
    failed = len(records) - len(pictures)
    return FrontRow(size, image_format, credentials, a_second, failed, ms)


def rows_of(
    pictures: Mapping[int, Sequence[Pixels]],
    formats: Sequence[str],
    seconds: float,
    credentials: Sequence[bool] = (False, True),
) -> list[FrontRow]:
    """Measure every size and format with one service for signed files, and one for others."""
    rows: list[FrontRow] = []
    for signed in credentials:
        with (
            tempfile.TemporaryDirectory() as folder,
            paced_service(
                Path(folder),
                DEVICE,
                pictures,
                max_batch=BATCH,
                credentials="on" if signed else "off",
            ) as service,
        ):
            rows += [
                measure(service, size, each, seconds, credentials=signed)
                for size in pictures
                for each in formats
            ]
    return rows


def table(rows: Sequence[FrontRow]) -> list[str]:
    """Return the lines of a Markdown table."""
    rates = " | ".join(f"cores at {rate:,}/s" for rate in RATES)
    parts = "px | format | signed | requests/s | http ms | hand-over | encoding | other | sum"
    lines = [f"| {parts} | {rates} |", "|" + "---|" * (9 + len(RATES))]
    for row in rows:
        ms = row.ms
        each = (ms.http, ms.hand_over, ms.encoding, ms.other, ms.total)
        shown = " | ".join(f"{part:.2f}" for part in each)
        cores = " | ".join(f"{row.cores(rate):.1f}" for rate in RATES)
        signed = "yes" if row.credentials else "no"
        lines.append(
            f"| {row.size} | {row.format} | {signed} | {row.a_second:.0f} | {shown} | {cores} |"
        )
    return lines


def machine() -> str:
    """Describe the machine and its load, on which requests a second depend."""
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    return f"{cores} cores, load average {load:.1f} before the first row"


def main() -> None:
    """Measure, and print a table or JSON."""
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each row")
    parser.add_argument("--size", type=int, action="append", choices=SIZES)
    parser.add_argument("--format", action="append", choices=FORMATS)
    parser.add_argument("--frontends", type=int, action="append", help="processes that answer")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = machine()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / PICTURES_OF).symlink_to(SHIPPED / PICTURES_OF)
        pictures = sized_pictures(Path(folder), options.size or SIZES)
    if options.frontends:
        print(found)
        trees = tree_rows_of(
            pictures, options.format or FORMATS, options.frontends, options.seconds
        )
        print("\n".join(tree_table(trees)))
        return
    rows = rows_of(pictures, options.format or FORMATS, options.seconds)
    if options.json:
        print(json.dumps({"machine": found, "rows": [asdict(row) for row in rows]}, indent=2))
        return
    print(found)
    print("\n".join(table(rows)))
    for row in rows:
        if row.failed:
            print(f"{row.failed} requests for {row.size} px as {row.format} got no picture")


if __name__ == "__main__":
    main()
