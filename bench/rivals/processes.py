"""Server under measurement: its processes, their processor time and their memory.

Owns starting and ending them, children included. Knows nothing of what they serve.
"""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from bench.load import Request
from bench.process_tree import stop_tree

START_LIMIT_S = 240.0
STOP_LIMIT_S = 15.0
CHECKOUT = Path(__file__).parents[2]


class DidNotStart(RuntimeError):
    """Raised if a server never answered; the message shows the end of its output."""


class Running:
    """Running server as a context manager, which starts and ends it.

    Args:
        command: program and its arguments.
        environment: all of its variables.
        log: file for its output.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], log: Path, address: str
    ) -> None:
        self.address = address
        self._log = log
        with log.open("wb") as said:
            self._process = psutil.Popen(
                command, env=dict(environment), stdout=said, stderr=said, cwd=CHECKOUT
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Terminate the server, and wait until all of its processes have ended."""
        stop_tree(self._process, STOP_LIMIT_S)

    def wait_for(self, request: Request) -> float:
        """Return the seconds until `request` was answered.

        Raises:
            DidNotStart: the server ended, or took too long.
        """
        began = time.monotonic()
        while time.monotonic() - began < START_LIMIT_S and self._process.is_running():
            if self._process.status() == psutil.STATUS_ZOMBIE:
                break
            try:
                ask(self.address, request)
            except OSError:  # not listening yet, or not ready
                time.sleep(0.1)
            else:
                return time.monotonic() - began
        said = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise DidNotStart(f"{' '.join(self._process.args)} never answered:\n{said}")

    def processor_s(self) -> float:
        """Return the processor time in seconds that its living processes have used."""
        total = 0.0
        for process in self._tree():
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total

    def memory_mb(self) -> float:
        """Return the resident memory in MiB, shared pages divided among their processes."""
        total = 0
        for process in self._tree():
            try:
                full = process.memory_full_info()
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            total += getattr(full, "pss", full.rss)
        return total / 2**20

    def _tree(self) -> list[psutil.Process]:
        try:
            return [self._process, *self._process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def ask(address: str, request: Request) -> bytes:
    """Return the body of the answer to one request.

    Raises:
        OSError: no connection, or a status other than success.
    """
    asked = urllib.request.Request(
        address + request.path,
        data=request.body or None,
        headers=dict(request.headers),
        method=request.method,
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        body: bytes = answer.read()
    return body
