"""Processor time of a process tree, by what its processes do, from Linux' `/proc`.

Owns the sorting of processes. Knows nothing of the requests to them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class TreeUsed:
    """Processor seconds, or milliseconds of an answer, by kind of process."""

    front: float
    engine: float
    supervisor: float

    @classmethod
    def now(cls, supervisor: int) -> TreeUsed:
        """Read the seconds of a supervisor and its processes until now."""
        used = {"front": 0.0, "engine": 0.0, "supervisor": seconds_of(supervisor)}
        for pid in children_of(supervisor):
            used[kind_of_process(pid)] += seconds_of(pid)
        return cls(**used)

    def since(self, before: TreeUsed, count: int) -> TreeUsed:
        """Milliseconds for each of `count` answers since `before`."""
        each = 1000 / max(count, 1)
        return TreeUsed(
            (self.front - before.front) * each,
            (self.engine - before.engine) * each,
            (self.supervisor - before.supervisor) * each,
        )

    @property
    def total(self) -> float:
        """All of it."""
        return self.front + self.engine + self.supervisor


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    return [int(each) for each in (PROC / f"{pid}/task/{pid}/children").read_text().split()]


def kind_of_process(pid: int) -> str:
    """Return `front` or `engine`, by the name that the supervisor gave the process."""
    arguments = (PROC / f"{pid}/cmdline").read_bytes().decode().split("\0")
    name = next(each for each in arguments if each.startswith("--name="))
    return name.removeprefix("--name=").partition("-")[0]


def seconds_of(pid: int) -> float:
    """Return the processor seconds of a process: its own and the kernel's for it."""
    fields = (PROC / f"{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
