"""A server under measurement: its processes, their processor time and their memory.

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

START_LIMIT_S = 240.0
STOP_LIMIT_S = 15.0
CHECKOUT = Path(__file__).parents[2]


class DidNotStart(RuntimeError):
    """A server that never answered; the message shows the end of what it said."""


class Running:
    """A server, from its start to its end, as a context.

    Args:
        command: the program and its arguments.
        environment: all of its variables.
        log: the file for what it says.
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
        """Ask it to end; then see that all of it has ended."""
        everyone = self._tree()
        self._process.terminate()
        _, late = psutil.wait_procs(everyone, STOP_LIMIT_S)
        for process in late:
            process.kill()
        psutil.wait_procs(late, STOP_LIMIT_S)

    def wait_for(self, request: Request) -> float:
        """Seconds until `request` was answered.

        Raises:
            DidNotStart: it ended, or took too long.
        """
        began = time.monotonic()
        while time.monotonic() - began < START_LIMIT_S and self._process.is_running():
            if self._process.status() == psutil.STATUS_ZOMBIE:
                break
            try:
                ask(self.address, request)
            except OSError:  # not there yet, or not ready
                time.sleep(0.1)
            else:
                return time.monotonic() - began
        said = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise DidNotStart(f"{' '.join(self._process.args)} never answered:\n{said}")

    def processor_s(self) -> float:
        """Seconds of processor time that its living processes have used."""
        total = 0.0
        for process in self._tree():
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total

    def memory_mb(self) -> float:
        """Resident memory in MiB, shared pages shared out between those who share them."""
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
    """The body of the answer to one request.

    Raises:
        OSError: no connection, or a status that is no success.
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
