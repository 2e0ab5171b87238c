"""A real process tree of a service whose engine is a painter, and a look at its processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from bench.process_tree import kill_tree
from bench.service_process import free_port, service_environment
from models.picture import pixel_sha256
from service.batching.recipe import Recipe, point_of
from tests.service.painter import PATIENCE_S, card_named, paint

ROOT = Path(__file__).parents[3]
PROC = Path("/proc")
MODEL = card_named("painter-32").pinned_name


class Tree:
    """A supervisor and its processes.

    Args:
        folder: of this service alone.
        engine: module of `tests.service.processes` that an engine process runs.
        settings: without their prefix.
    """

    def __init__(self, folder: Path, engine: str = "painter_process", **settings: str) -> None:
        self.port = free_port()
        self.log = folder / "log"
        self._client = httpx2.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            timeout=PATIENCE_S,
            headers={"Connection": "close"},
        )
        (folder / "bundles").mkdir()
        values = {
            "bundles": str(folder / "bundles"),
            "credentials": "off",
            "frontends": "2",
            "port": str(self.port),
            **settings,
        }
        package = "tests.service.processes"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", f"{package}.painter_service", f"{package}.{engine}"],
                cwd=ROOT,
                env=service_environment(values),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    # ------------------------------------------------------------------ its processes

    def pids(self, kind: str = "") -> list[int]:
        """The processes that run: of `front_process`, `painter_process` or any, by their port."""
        mark = f"PROGAN_PORT={self.port}".encode()
        found: list[int] = []
        for folder in PROC.iterdir():
            try:
                if mark in (folder / "environ").read_bytes() and _is_kind(folder, kind):
                    found.append(int(folder.name))
            except (OSError, ValueError):
                continue
        return sorted(found)

    def pixel_memories(self) -> int:
        """Number of shared memories for pixels that processes of this tree have mapped."""
        nodes: set[str] = set()
        for pid in self.pids():
            lines = (PROC / str(pid) / "maps").read_text().splitlines()
            nodes |= {line.split()[4] for line in lines if "progan-pixels" in line}
        return len(nodes)

    def shared_files(self) -> set[Path]:
        """Files of the shared memory of the system that processes of this tree have mapped."""
        lines = [
            line
            for pid in self.pids()
            for line in (PROC / str(pid) / "maps").read_text().splitlines()
        ]
        return {Path(line.split()[5]) for line in lines if " /dev/shm/" in line}

    def kill(self, pid: int, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to one process."""
        os.kill(pid, number)

    # ------------------------------------------------------------------ what clients see

    def get(self, path: str) -> httpx2.Response | None:
        """The answer on a new connection; None if there is none."""
        try:
            return self._client.get(path)
        except httpx2.HTTPError:
            return None

    def metric(self, line: str) -> float:
        """The value of the metric that `line` names with its labels; 0 without an answer."""
        answer = self.get("/metrics")
        values = [each.removeprefix(line) for each in answer.text.splitlines()] if answer else []
        return next((float(each) for each in values if each.startswith(" ")), 0.0)

    def is_rendering(self) -> bool:
        """Whether the engine is in a batch that takes long; idle, it beats every half second."""
        return self.metric("progan_engine_heartbeat_age_seconds") > 0.7

    def is_ready(self) -> bool:
        """Whether the line `ready` would be told now."""
        answer = self.get("/health/ready")
        return answer is not None and answer.status_code == 200

    def ready(self) -> Self:
        """Come back when all its processes are ready."""
        until(lambda: "ready: http" in self.log.read_text())
        until(self.is_ready)
        return self

    # ------------------------------------------------------------------ its end

    def ended(self) -> int:
        """The exit code, when the supervisor has ended."""
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
        """End it, whatever it does."""
        self._client.close()
        kill_tree(self.process, PATIENCE_S)


def is_right(answer: httpx2.Response | None, seed: int) -> bool:
    """Whether an answer has the pixels of its seed at 32 px."""
    if answer is None or answer.status_code != 200:
        return False
    pixels = paint(Recipe(MODEL, point_of(seed), 32))
    return answer.headers["x-pixel-sha256"] == pixel_sha256([pixels])


def until(fact: Callable[[], object]) -> float:
    """Give the tree time until `fact()` is true; returns the seconds it took."""
    began = time.monotonic()
    while not fact():
        assert time.monotonic() < began + PATIENCE_S, "this never came true"
        time.sleep(0.1)
    return time.monotonic() - began


def _is_kind(folder: Path, kind: str) -> bool:
    command = (folder / "cmdline").read_bytes().decode()
    return kind in command and ("--control" in command or not kind)
