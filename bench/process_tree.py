"""The end of a process with all that it started, in bounded time.

Owns the two ways: to let it end by itself first, or not. Knows nothing of what the processes do.
"""

from __future__ import annotations

import subprocess
import time
from typing import Protocol

import psutil

POLL_S = 0.02


class RunningProcess(Protocol):
    """What `subprocess.Popen`, `psutil.Popen` and a forked process have in common."""

    @property
    def pid(self) -> int:
        """Its number."""
        ...

    def terminate(self) -> None:
        """Send SIGTERM, unless it has ended."""
        ...

    def kill(self) -> None:
        """Send SIGKILL, unless it has ended."""
        ...

    def wait(self, timeout: float | None = None) -> int | None:
        """Return the exit code, once it has ended."""
        ...


def stop_tree(process: RunningProcess, limit_s: float) -> bool:
    """Terminate a process, and kill what is left of it and its descendants.

    Args:
        process: a child of this process, or one that knows by itself when it has ended.
        limit_s: seconds that it has for its own end, and again those that it leaves behind.

    Returns:
        True if the process itself ended in time, without being killed.
    """
    left, in_time = _descendants(process.pid), True
    process.terminate()
    try:
        process.wait(limit_s)
    except (subprocess.TimeoutExpired, psutil.TimeoutExpired):
        in_time = False
        kill_tree(process, limit_s)
    _kill_all(_running_after(limit_s, left), limit_s)
    return in_time


def kill_tree(process: RunningProcess, limit_s: float) -> None:
    """Kill a process and its descendants, whatever they do, and wait until they have ended."""
    left = _descendants(process.pid)
    process.kill()
    process.wait(limit_s)
    _kill_all(left, limit_s)


def _kill_all(processes: list[psutil.Process], limit_s: float) -> None:
    for each in processes:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue
    _running_after(limit_s, processes)


def _running_after(limit_s: float, processes: list[psutil.Process]) -> list[psutil.Process]:
    """Wait until all have ended, for `limit_s` seconds at most; returns the others."""
    end = time.monotonic() + limit_s
    while (running := [each for each in processes if _runs(each)]) and time.monotonic() < end:
        time.sleep(POLL_S)
    return running


def _runs(process: psutil.Process) -> bool:
    """False for a process that has ended, though its parent has not taken its exit code."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
