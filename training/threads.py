"""CPU threads: the number that this process may use, and the wait policy of idle ones.

Owns the limits that affinity and control groups set, and OpenMP's wait policy. Imports no torch:
the policy is read once, when torch loads its OpenMP library.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from pathlib import Path

# If one of these is set in the environment, the user has chosen a wait policy.
WAIT_VARIABLES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
# libgomp reads the first one, Intel's and LLVM's libraries the second one (milliseconds).
PASSIVE_WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}

PROCESS_GROUPS = Path("/proc/self/cgroup")
GROUP_TREE = Path("/sys/fs/cgroup")


def wait_passively(environment: MutableMapping[str, str]) -> None:
    """Let idle OpenMP threads sleep instead of spin, unless the environment sets a policy.

    If other processes compute too, a spinning thread can occupy the core that the thread it waits
    for needs: two threads were then 10 to 18 times slower than one. Call it before torch is
    imported.
    """
    if not any(name in environment for name in WAIT_VARIABLES):
        environment.update(PASSIVE_WAITING)


def available_threads() -> int:
    """Number of threads that can compute at once here, at least 1, by affinity and quota.

    A quota of 1.5 cores counts as one: threads that wait for one another at every layer
    are as slow as the one that is throttled.
    """
    has_affinity = hasattr(os, "sched_getaffinity")  # Linux
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    quota = cpu_quota()
    return cores if quota is None else max(1, min(cores, math.floor(quota)))


def cpu_quota(processes: Path = PROCESS_GROUPS, tree: Path = GROUP_TREE) -> float | None:
    """CPU quota of this process in its control groups, in cores; None without a limit.

    Reads cgroup versions 1 and 2. The limits of all parent groups apply as well, and a container
    may see its own group as the root of the tree; so all from the group up to the root are read.

    Args:
        processes: lists the groups of this process, as `/proc/self/cgroup` does.
        tree: where the groups are mounted.
    """
    try:
        lines = processes.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    limits: list[float] = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        parts = [part for part in path.split("/") if part not in ("", ".", "..")]
        for mount in _mounts(controllers.split(","), controllers, tree):
            groups = [mount.joinpath(*parts[:depth]) for depth in range(len(parts) + 1)]
            limits += [limit for group in groups for limit in _limits_of(group)]
    return min(limits, default=None)


def _mounts(controllers: list[str], joined: str, tree: Path) -> list[Path]:
    if controllers == [""]:  # version 2, also if version 1 is mounted
        return [tree, tree / "unified"]
    return [tree / "cpu", tree / joined] if "cpu" in controllers else []


def _limits_of(group: Path) -> Iterator[float]:
    """Limits of one group, in cores; unreadable files give no limit."""
    with suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = (group / "cpu.max").read_text(encoding="ascii").split()
        if quota != "max":
            yield int(quota) / int(period)
    with suppress(OSError, ValueError, ZeroDivisionError):
        quota = int((group / "cpu.cfs_quota_us").read_text(encoding="ascii"))
        if quota > 0:
            yield quota / int((group / "cpu.cfs_period_us").read_text(encoding="ascii"))
