"""Hostile uploads against a running service: answers, memory, and pictures in between.

    python -m bench.hostile http://127.0.0.1:8000 --count 500 --pid PID

Sends the uploads of `bench.hostile_uploads` to `POST /verify`, or with `--to DOMAIN` to
`POST /translate`, four at a time, and meanwhile asks for pictures, whose pixels must be those of
before. Prints a row for each kind, memory of process PID before, at its peak and after, and how
long pictures took. Exits with 1 if an answer is not one that is allowed, or a picture differs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import httpx2
import psutil

from bench.hostile_uploads import HostileUpload, hostile_uploads

SENDERS = 4
TIMEOUT_S = 120.0
MEGABYTE = 2**20
PICTURE = "/images/hostile?resolution=32"


@dataclass
class Watch:
    """Memory of a process in MB, and pictures asked for meanwhile."""

    memory: list[float] = field(default_factory=list[float])
    pictures_s: list[float] = field(default_factory=list[float])
    wrong: int = 0


def sent(
    client: httpx2.Client, path: str, upload: HostileUpload
) -> tuple[HostileUpload, int, float]:
    """Send one upload; returns it with the status of the answer and the seconds it took."""
    began = time.perf_counter()
    answer = client.post(path, content=upload.content)
    while answer.status_code in (429, 503):  # too many at once: the answer says when to come again
        time.sleep(float(answer.headers.get("retry-after", "1")))
        answer = client.post(path, content=upload.content)
    return upload, answer.status_code, time.perf_counter() - began


@contextmanager
def watched(client: httpx2.Client, pid: int) -> Generator[Watch]:
    """Measure memory and ask for a picture, again and again, until the block ends."""
    process, watch, over = psutil.Process(pid), Watch(), threading.Event()
    digest = client.get(PICTURE).raise_for_status().headers["x-pixel-sha256"]

    def measure() -> None:
        while not over.wait(0.02):
            watch.memory.append(process.memory_info().rss / MEGABYTE)

    def ask() -> None:
        while not over.wait(0.1):
            began = time.perf_counter()
            answer = client.get(PICTURE)
            watch.pictures_s.append(time.perf_counter() - began)
            watch.wrong += answer.headers.get("x-pixel-sha256") != digest

    threads = [threading.Thread(target=each) for each in (measure, ask)]
    for thread in threads:
        thread.start()
    try:
        yield watch
    finally:
        over.set()
        for thread in threads:
            thread.join()


def print_kinds(
    results: list[tuple[HostileUpload, int, float]], also_allowed: tuple[int, ...]
) -> int:
    """Print a row for each kind; returns the number of answers that are not allowed."""
    rows: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    wrong = 0
    for upload, status, seconds in results:
        rows[upload.kind].append((status, seconds))
        wrong += status not in (*upload.statuses, *also_allowed)
    print(f"{'kind':18} {'sent':>5}  answers, and the slowest in seconds")
    for kind, answers in sorted(rows.items()):
        counts = {status: sum(s == status for s, _ in answers) for status, _ in sorted(answers)}
        said = ", ".join(f"{count} x {status}" for status, count in counts.items())
        print(f"{kind:18} {len(answers):5}  {said}; {max(s for _, s in answers):.2f}")
    return wrong


def main() -> int:
    """Send all uploads and print what became of them; returns the exit code."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("address")
    arguments.add_argument("--count", type=int, default=500)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--pid", type=int, required=True)
    arguments.add_argument("--to", metavar="DOMAIN", help="translate the uploads into this domain")
    options = arguments.parse_args()
    path = "/verify" if options.to is None else f"/translate?to={options.to}"
    also_allowed = () if options.to is None else (415,)  # it takes fewer formats
    process = psutil.Process(options.pid)
    with httpx2.Client(base_url=options.address, timeout=TIMEOUT_S) as client:
        for _ in range(20):
            client.get(PICTURE)
        before = process.memory_info().rss / MEGABYTE
        with watched(client, options.pid) as idle:
            time.sleep(3)
        uploads = list(hostile_uploads(options.count, options.seed))
        began = time.perf_counter()
        with watched(client, options.pid) as busy, ThreadPoolExecutor(SENDERS) as senders:
            results = list(senders.map(partial(sent, client, path), uploads))
        took = time.perf_counter() - began
        with watched(client, options.pid) as after:
            time.sleep(3)
    wrong = print_kinds(results, also_allowed)
    print(f"{len(results)} uploads in {took:.0f} s, {wrong} answers that are not allowed")
    print(f"memory in MB: {before:.0f} before, {max(busy.memory):.0f} at its peak, ", end="")
    print(f"{after.memory[-1]:.0f} after")
    for name, watch in (("before", idle), ("meanwhile", busy), ("after", after)):
        median, slowest = statistics.median(watch.pictures_s), max(watch.pictures_s)
        print(
            f"pictures {name}: {len(watch.pictures_s)}, {watch.wrong} wrong, median "
            f"{median * 1000:.0f} ms, slowest {slowest * 1000:.0f} ms"
        )
    return int(bool(wrong or idle.wrong or busy.wrong or after.wrong))


if __name__ == "__main__":
    sys.exit(main())
