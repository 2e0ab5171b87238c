"""A real cluster of this machine: `python -m service.cluster`, its replicas and clients of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from bench.service_process import free_port, service_environment

ROOT = Path(__file__).parents[3]
PATIENCE_S = 540  # ends a hang, on a busy machine, too
PROC = Path("/proc")


class RealCluster:
    """Ray with the service in replicas, in a session of its own.

    Args:
        bundles: what it serves.
        folder: of this cluster alone; also its home, for the token that Ray makes.
        settings: without their prefix.
    """

    def __init__(self, bundles: Path, folder: Path, **settings: str) -> None:
        self.port = free_port()
        self.log = folder / "log"
        values = {"bundles": str(bundles), "port": str(self.port), "device": "cpu", **settings}
        values |= {"credentials": "off", "log_format": "json"}
        variables = service_environment(values) | {"HOME": str(folder)}
        self._environment = {n: v for n, v in variables.items() if not n.startswith("RAY_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service.cluster"],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def replicas(self) -> list[int]:
        """The processes of the replicas, the oldest first."""
        found: list[int] = []
        mark = f"PROGAN_PORT={self.port}".encode()
        for each in PROC.iterdir():
            try:
                is_replica = b"ServeReplica:progan:replicas" in (each / "cmdline").read_bytes()
                if is_replica and mark in (each / "environ").read_bytes():
                    found.append(int(each.name))
            except (OSError, ValueError):
                continue
        return sorted(found)

    def states(self) -> str:
        """The last message about the application."""
        lines = [line for line in self.log.read_text().splitlines() if '"application ' in line]
        return lines[-1] if lines else ""

    def status(self, path: str) -> int | None:
        """The status of an answer; None if there is none."""
        try:
            return httpx2.get(f"http://127.0.0.1:{self.port}{path}", timeout=60).status_code
        except httpx2.HTTPError:
            return None

    def end(self) -> int:
        """The exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def __enter__(self) -> Self:
        """It runs already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End all its processes, whatever they do."""
        mark = f"PROGAN_PORT={self.port}".encode()
        for each in PROC.iterdir():
            try:
                if mark in (each / "environ").read_bytes():
                    os.kill(int(each.name), signal.SIGKILL)
            except (OSError, ValueError):
                continue
        self.process.wait(PATIENCE_S)


class Clients:
    """Clients that ask for seeds one after another, and what they were answered.

    Args:
        port: of the service.
        right: SHA-256 of the pixels of each seed, for each model digest.

    Attributes:
        answers: number of answers by status; 0 where there was none, and `wrong` for pixels that
            are not those of the seed.
        models: number of answers by model.
    """

    def __init__(self, port: int, right: dict[str, dict[int, str]]) -> None:
        self._port = port
        self._right = right
        self._seed = 0
        self._lock = threading.Lock()
        self._ends = threading.Event()
        self.answers: Counter[int | str] = Counter()
        self.models: Counter[str] = Counter()

    def run(self) -> None:
        """Ask until the end."""
        with httpx2.Client(base_url=f"http://127.0.0.1:{self._port}", timeout=PATIENCE_S) as client:
            while not self._ends.is_set():
                with self._lock:
                    self._seed = (self._seed + 1) % 200
                    seed = self._seed
                try:
                    answer = client.get(f"/images/{seed}?resolution=32&format=png")
                except httpx2.HTTPError:
                    self._count(0)
                    continue
                if answer.status_code == 200:
                    model = answer.headers["x-model"]
                    self.models[model] += 1
                    digest = answer.headers["x-pixel-sha256"]
                    self._count(200 if self._right[model][seed] == digest else "wrong")
                else:
                    self._count(answer.status_code)
                    time.sleep(0.05)

    @contextmanager
    def asking(self, number: int = 6) -> Generator[Self]:
        """Ask from `number` threads until the end of the block."""
        threads = [threading.Thread(target=self.run, daemon=True) for _ in range(number)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._ends.set()
            for thread in threads:
                thread.join(PATIENCE_S)
            self._ends.clear()

    def _count(self, answer: int | str) -> None:
        with self._lock:
            self.answers[answer] += 1


def until(fact: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    """Wait for a fact, as long as the process runs."""
    deadline = time.monotonic() + PATIENCE_S
    while not fact():
        assert process.poll() is None, "the cluster has ended"
        assert time.monotonic() < deadline, "this never came true"
        time.sleep(0.25)
