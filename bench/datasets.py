"""Data sets from a real service: whole, cut and continued; memory; other requests beside them.

    python -m bench.datasets [--count 10000] [--resolution 64] [--rounds 6] [--seconds 20]
                             [--rate 20] [--json]

Downloads `count` pictures as a tar file, again with a cut in the middle and the rest after it, and
compares the manifests; meanwhile memory of the service is read. Then small pictures of mixed sizes
are asked for at random times, `rate` a second, in rounds without and with an open download, in
turn. Exits with 1 if the manifests differ, or the p99 beside a download is above 1.3 times the p99
without one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tarfile
import tempfile
import threading
import time
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from bench.beside import BesideRow, beside_rows
from bench.served import Served, service
from service.datasets.manifest import Completion, PictureRecord

PIECE = 2**16  # bytes read at a time
SAMPLES_S = 0.5  # between two looks at the memory
ROWS = 8  # of the table of memory
BAR = 1.3


@dataclass(frozen=True)
class DownloadRow:
    """One download.

    Attributes:
        seconds: from the request to the last byte, or to the cut.
        complete: True if the closing record is there.
        memory_mib: seconds since its begin, and resident memory of the service then.
    """

    name: str
    pictures: int
    seconds: float
    mebibytes: float
    complete: bool
    memory_mib: list[tuple[float, float]]


def manifest_of(path: Path) -> tuple[list[PictureRecord], Completion | None]:
    """Return the records of a tar file, which may be cut, and its closing record."""
    records: list[PictureRecord] = []
    with (
        path.open("rb") as file,
        tarfile.open(fileobj=file, mode="r|") as archive,
        suppress(tarfile.ReadError),  # where it was cut
    ):
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None  # there are files alone
            if member.name.endswith(".json"):
                records.append(PictureRecord.model_validate_json(content.read()))
            elif member.name == "__complete__":
                return records, Completion.model_validate_json(content.read())
    return records, None


@contextmanager
def memory_of(served: Served) -> Generator[list[tuple[float, float]]]:
    """Read the resident memory again and again until the block ends."""
    samples: list[tuple[float, float]] = []
    over, began = threading.Event(), time.monotonic()

    def sample() -> None:
        while not over.wait(SAMPLES_S):
            samples.append((time.monotonic() - began, served.resident_mib()))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


def opened(address: str) -> HTTPResponse:
    """Open an address, and again after the time to wait while the data set before it is open.

    Raises:
        HTTPError: another refusal.
    """
    while True:
        try:
            return urllib.request.urlopen(address)
        except HTTPError as refusal:
            wait = refusal.headers.get("Retry-After")
            if refusal.code != HTTPStatus.TOO_MANY_REQUESTS or wait is None:
                raise
        time.sleep(float(wait))


def download(served: Served, name: str, query: str, path: Path, most: float) -> DownloadRow:
    """Download a data set into a file, and hang up after `most` bytes."""
    began, size = time.monotonic(), 0
    address = f"{served.address}/datasets?format=webdataset&{query}"
    with (
        memory_of(served) as memory,
        opened(address) as answer,
        path.open("wb") as file,
    ):
        while size < most and (piece := answer.read(PIECE)):
            size += file.write(piece)
    took = time.monotonic() - began
    records, completion = manifest_of(path)
    return DownloadRow(
        name, len(records), took, size / 2**20, completion is not None, _thinned(memory)
    )


def compared(served: Served, count: int, resolution: int) -> tuple[list[DownloadRow], bool]:
    """Download whole, cut, and the rest; True if the manifests are equal."""
    same = f"resolution={resolution}"
    with tempfile.TemporaryDirectory() as folder:
        whole, cut, rest = (Path(folder) / f"{name}.tar" for name in ("whole", "cut", "rest"))
        rows = [download(served, "whole", f"{same}&count={count}", whole, float("inf"))]
        half = whole.stat().st_size / 2
        rows.append(download(served, "cut", f"{same}&count={count}", cut, half))
        missing = rows[-1].pictures
        query = f"{same}&from_seed={missing}&count={count - missing}"
        rows.append(download(served, "rest", query, rest, float("inf")))
        records = [manifest_of(path)[0] for path in (whole, cut, rest)]
    return rows, records[0] == records[1] + records[2] and len(records[0]) == count


def _thinned(samples: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    step = max(1, -(-len(samples) // ROWS))
    return [(round(seconds, 1), round(mib, 1)) for seconds, mib in samples[::step]]


def show(downloads: Sequence[DownloadRow], equal: bool, rows: Sequence[BesideRow]) -> None:
    """Print the tables."""
    print(f"{'download':10} {'pictures':>9} {'s':>7} {'a second':>9} {'MiB':>8}  complete")
    for row in downloads:
        rate = row.pictures / row.seconds
        print(
            f"{row.name:10} {row.pictures:9,} {row.seconds:7.1f} {rate:9.1f} "
            f"{row.mebibytes:8.1f}  {'yes' if row.complete else 'no'}"
        )
    for row in downloads:
        told = ", ".join(f"{mib:.0f} at {seconds:.0f} s" for seconds, mib in row.memory_mib)
        print(f"memory in MiB, {row.name}: {told}")
    print(f"the manifests of cut and rest together {'equal' if equal else 'DIFFER from'} the whole")
    heads = f"{'failed':>7} {'p50 ms':>8} {'p99 ms':>8} {'lag p99':>8} data set"
    print(f"\n{'requests':20} {'n':>6} {heads}")
    for row in rows:
        print(
            f"{row.name:20} {row.requests:6} {row.failed:7} {row.p50_ms:8.1f} {row.p99_ms:8.1f} "
            f"{row.lag_p99_ms:8.1f} {row.a_second:.1f} pictures a second"
        )
    print(f"p99 beside a download: {ratio_of(rows):.2f} times that without one (bar: {BAR})")


def ratio_of(rows: Sequence[BesideRow]) -> float:
    """Return the p99 beside a download over the p99 without one."""
    return rows[1].p99_ms / rows[0].p99_ms


def main() -> None:
    """Measure, print, and exit with 1 if a criterion fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=10_000, help="pictures of the data set")
    parser.add_argument("--resolution", type=int, default=64, help="of the data sets")
    parser.add_argument("--rounds", type=int, default=6, help="of each kind")
    parser.add_argument("--seconds", type=float, default=20.0, help="of a round")
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second in a round")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    with service() as served:
        downloads, equal = compared(served, options.count, options.resolution)
        rows = beside_rows(
            served, options.resolution, options.rounds, options.seconds, options.rate
        )
    result: dict[str, Any] = {
        "downloads": [asdict(row) for row in downloads],
        "manifests_equal": equal,
        "requests": [asdict(row) for row in rows],
        "p99_ratio": ratio_of(rows),
    }
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        show(downloads, equal, rows)
    sys.exit(0 if equal and ratio_of(rows) <= BAR else 1)


if __name__ == "__main__":
    main()
