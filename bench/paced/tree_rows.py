"""What a picture costs in a service of several processes: measured rows and their table.

Owns rows by number of front ends. Knows no threads: time is told by the kind of process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.paced.process import SEVERAL_PROCESSES, PacedService, paced_service
from bench.paced.saturation import BATCH, DEVICE, WARM_UP_S, requests_for, saturate
from bench.paced.tree import TreeUsed
from models.picture import Pixels


@dataclass(frozen=True)
class TreeRow:
    """Cost of one kind of picture, unsigned.

    Attributes:
        a_second: answers a second of a closed loop.
        failed: requests without a picture.
        ms: processor milliseconds of a picture.
    """

    frontends: int
    size: int
    format: str
    a_second: float
    failed: int
    ms: TreeUsed


def tree_rows_of(
    pictures: Mapping[int, Sequence[Pixels]],
    formats: Sequence[str],
    frontends: Sequence[int],
    seconds: float,
) -> list[TreeRow]:
    """Measure every size and format with one service for each number of front ends."""
    rows: list[TreeRow] = []
    for number in frontends:
        with (
            tempfile.TemporaryDirectory() as folder,
            paced_service(
                Path(folder),
                DEVICE,
                pictures,
                SEVERAL_PROCESSES,
                max_batch=BATCH,
                credentials="off",
                frontends=number,
            ) as service,
        ):
            rows += [
                _measured(service, number, size, each, seconds)
                for size in pictures
                for each in formats
            ]
    return rows


def _measured(
    service: PacedService, frontends: int, size: int, image_format: str, seconds: float
) -> TreeRow:
    requests = requests_for(size, image_format)
    saturate(service, requests, WARM_UP_S)
    before = TreeUsed.now(service.pid)
    records = saturate(service, requests, seconds)
    done = [record for record in records if record.status == 200]
    ms = TreeUsed.now(service.pid).since(before, len(done))
    a_second = len(done) / max(record.done for record in records)
    failed = len(records) - len(done)
    return TreeRow(frontends, size, image_format, a_second, failed, ms)


def tree_table(rows: Sequence[TreeRow]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = [
        "| front ends | px | format | requests/s | failed | front ms | engine | supervisor | sum |",
        "|" + "---|" * 9,
    ]
    for row in rows:
        ms = row.ms
        each = (ms.front, ms.engine, ms.supervisor, ms.total)
        shown = " | ".join(f"{part:.2f}" for part in each)
        lines.append(
            f"| {row.frontends} | {row.size} | {row.format} | {row.a_second:.0f} | {row.failed} "
            f"| {shown} |"
        )
    return lines
