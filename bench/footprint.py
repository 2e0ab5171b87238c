"""Resources of the serving process: seconds until it is ready, and memory under load.

    python -m bench.footprint [--seconds 20] [--clients 8] [--starts 3] [--frontends 2] [--json]

Starts `python -m service` with the shipped models a few times and reports the quickest start; loads
the last process with clients that request pictures of all models and sizes as fast as they can, and
reads its resident memory from the kernel (Linux). `peak_mb` is its maximum. With `--frontends` the
service is that many front ends, an engine process and a supervisor; their memory is added, pages
that several share divided among them, and `peak_mb` is the most of twice a second.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.process_tree import stop_tree
from bench.service_process import service_environment

ROOT = Path(__file__).parents[1]
PATIENCE_S = 300
LOOK_S = 0.5
LISTENING = re.compile(r"Uvicorn running on (http://[0-9.]+:\d+)")


@dataclass(frozen=True)
class Report:
    """Results of one run: seconds, megabytes (10^6 bytes), pictures."""

    ready_s: list[float]
    quickest_ready_s: float
    idle_mb: float
    loaded_mb: float
    peak_mb: float
    pictures: int
    errors: int
    models: list[dict[str, Any]]


class Memory:
    """Resident memory of a service in megabytes.

    Args:
        process: of the service, or the supervisor of its processes.
        has_tree: True to add all processes; what several share is divided among them.
    """

    def __init__(self, process: int, *, has_tree: bool) -> None:
        self._process = process
        self._has_tree = has_tree
        self._peak_mb = 0.0

    def now_mb(self) -> float:
        """Return the memory now."""
        if not self._has_tree:
            return memory_mb(self._process, "VmRSS")
        return round(tree_memory_mb(self._process), 1)

    def peak_mb(self) -> float:
        """Return the maximum: of its life, or of what `watched` saw."""
        return self._peak_mb if self._has_tree else memory_mb(self._process, "VmHWM")

    @contextmanager
    def watched(self) -> Generator[None]:
        """Look at the memory of all processes again and again during the block."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(LOOK_S):
                self._peak_mb = max(self._peak_mb, self.now_mb())

        thread = threading.Thread(target=watch)
        if self._has_tree:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            if self._has_tree:
                thread.join()


def tree_memory_mb(process: int) -> float:
    """Return the proportional set size of a process and of all that it has started."""
    top = psutil.Process(process)
    return sum(each.memory_full_info().pss for each in [top, *top.children(recursive=True)]) / 1e6


@contextmanager
def service(log: Path, frontends: int = 0) -> Generator[tuple[int, str, float]]:
    """Yield a ready process: its id, its address, and the seconds until it was ready."""
    shipped = ROOT / "models" / "pretrained"
    environment = service_environment({"port": 0, "bundles": shipped, "frontends": frontends})
    began = time.monotonic()
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "service"], cwd=ROOT, env=environment, stdout=file, stderr=file
        )
    try:
        while not (told := LISTENING.search(log.read_text())):
            _wait(process, began)
        while not answers(f"{told[1]}/health/ready"):
            _wait(process, began)
        yield process.pid, told[1], time.monotonic() - began
    finally:
        stop_tree(process, PATIENCE_S)


def _wait(process: subprocess.Popen[bytes], began: float) -> None:
    if process.poll() is not None or time.monotonic() - began > PATIENCE_S:
        raise SystemExit("the service did not start: see its log with `make serve`")
    time.sleep(0.01)


def answers(address: str) -> bool:
    """Return True if a request succeeds; the answer is read and dropped."""
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
            answer.read()
    except OSError:
        return False
    return True


def memory_mb(process: int, field: str) -> float:
    """Return `VmRSS`, the resident memory now, or `VmHWM`, its maximum."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
    if not found:
        raise SystemExit(f"this kernel does not tell {field}")
    return round(int(found[1]) * 1024 / 1e6, 1)


def models_of(address: str) -> list[dict[str, Any]]:
    """Return the cards of the models that the service lists."""
    with urllib.request.urlopen(f"{address}/models", timeout=PATIENCE_S) as answer:
        return json.load(answer)["models"]


def requests(address: str, models: list[dict[str, Any]]) -> Iterator[str]:
    """Yield requests without end: a new seed each time, all models and resolutions in turns."""
    kinds = [(m["name"], r) for m in models for r in m["resolutions"]]
    for seed, (name, resolution) in enumerate(itertools.cycle(kinds)):
        yield f"{address}/images/{seed}?model={name}&resolution={resolution}"


def load(address: str, models: list[dict[str, Any]], clients: int, seconds: float) -> list[bool]:
    """Keep `clients` requests in flight; return for each request True if it succeeded."""
    todo, lock, results = requests(address, models), threading.Lock(), list[bool]()
    end = time.monotonic() + seconds

    def ask() -> None:
        while time.monotonic() < end:
            with lock:
                address = next(todo)
            results.append(answers(address))

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def measure(starts: int, clients: int, seconds: float, frontends: int = 0) -> Report:
    """Measure start time, memory and load."""
    ready_s: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "service.log"
        for _ in range(starts - 1):
            with service(log, frontends) as (_, _, took):
                ready_s.append(round(took, 2))
        with service(log, frontends) as (process, address, took):
            ready_s.append(round(took, 2))
            models = models_of(address)
            memory = Memory(process, has_tree=frontends > 0)
            idle_mb = memory.now_mb()
            with memory.watched():
                results = load(address, models, clients, seconds)
            return Report(
                ready_s=ready_s,
                quickest_ready_s=min(ready_s),
                idle_mb=idle_mb,
                loaded_mb=memory.now_mb(),
                peak_mb=memory.peak_mb(),
                pictures=sum(results),
                errors=len(results) - sum(results),
                models=[{"name": m["name"], **m["engine"]} for m in models],
            )


def main() -> None:
    """Measure, and print a table or JSON."""
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--seconds", type=float, default=20.0, help="of load")
    parser.add_argument("--clients", type=int, default=8, help="requests under way")
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--frontends", type=int, default=0, help="0: all in one process")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report = measure(options.starts, options.clients, options.seconds, options.frontends)
    if options.json:
        print(json.dumps(asdict(report), indent=2))
        return
    for model in report.models:
        print(f"{model['name']}: {model['precision']}, {model['libraries']}")
    print(f"ready after         {report.quickest_ready_s:8.2f} s   (of {report.ready_s})")
    print(f"memory when ready   {report.idle_mb:8.1f} MB")
    print(f"memory after load   {report.loaded_mb:8.1f} MB")
    print(f"most memory ever    {report.peak_mb:8.1f} MB")
    print(f"pictures            {report.pictures:8d}, errors {report.errors}")


if __name__ == "__main__":
    main()
