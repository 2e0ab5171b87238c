"""How many threads a process may use, by small trees of control groups, and how idle ones wait."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from training import threads
from training.threads import PASSIVE_WAITING, available_threads, cpu_quota, wait_passively


def write_tree(root: Path, files: dict[str, str]) -> None:
    """Files of control groups, by their paths below the mount."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


V1_PERIOD = {"cpu/cpu.cfs_period_us": "100000\n"}


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        # Version 2: a container sees its own group as the root.
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2.0),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/\n", {"cpu.max": "50000 100000\n"}, 0.5),
        # A group below one that may use less, as of systemd or of a pod.
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000", "a/cpu.max": "150000 100000"}, 1.5),
        ("0::/a/b\n", {"a/b/cpu.max": "300000 100000", "a/cpu.max": "400000 100000"}, 3.0),
        # A process that was moved out of the group that is its root.
        ("0::/../other\n", {"cpu.max": "100000 50000"}, 2.0),
        # Version 1: the controller's own mount, or that of its joined name.
        ("3:cpu,cpuacct:/\n", V1_PERIOD | {"cpu/cpu.cfs_quota_us": "250000\n"}, 2.5),
        ("3:cpu:/\n", V1_PERIOD | {"cpu/cpu.cfs_quota_us": "-1\n"}, None),
        (
            "3:cpu,cpuacct:/docker/x\n2:cpuset:/\n",
            {
                "cpu,cpuacct/docker/x/cpu.cfs_quota_us": "400000",
                "cpu,cpuacct/docker/x/cpu.cfs_period_us": "100000",
            },
            4.0,
        ),
        # In a container the path is the host's, and the mount shows the container's group alone.
        ("3:cpu:/docker/x\n", V1_PERIOD | {"cpu/cpu.cfs_quota_us": "100000"}, 1.0),
        # Both at once: version 2 without controllers.
        (
            "1:cpu:/\n0::/\n",
            V1_PERIOD | {"cpu/cpu.cfs_quota_us": "300000", "unified/cgroup.procs": ""},
            3.0,
        ),
        # What cannot be understood limits nothing.
        ("0::/\n", {"cpu.max": "many\n"}, None),
        ("0::/\n", {"cpu.max": "100000 0\n"}, None),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "100000"}, None),
        ("2:memory:/\n", {"cpu/cpu.cfs_quota_us": "100000"}, None),
        ("nonsense\n", {}, None),
        ("", {}, None),
    ],
)
def test_the_quota_is_the_smallest_on_the_way_to_the_root(
    tmp_path: Path, groups: str, files: dict[str, str], cores: float | None
) -> None:
    """In cores, of both versions of control groups."""
    processes = tmp_path / "cgroup"
    processes.write_text(groups)
    write_tree(tmp_path / "tree", files)

    assert cpu_quota(processes, tmp_path / "tree") == cores


def test_without_control_groups_there_is_no_quota(tmp_path: Path) -> None:
    """As on macOS."""
    assert cpu_quota(tmp_path / "none", tmp_path) is None


@pytest.mark.parametrize(
    ("cores", "quota", "expected"),
    [(8, None, 8), (8, 2.0, 2), (8, 1.9, 1), (8, 0.2, 1), (2, 16.0, 2), (1, None, 1)],
)
def test_threads_are_bounded_by_affinity_and_quota(
    monkeypatch: pytest.MonkeyPatch, cores: int, quota: float | None, expected: int
) -> None:
    """Whole ones, and at least one."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    monkeypatch.setattr(threads, "cpu_quota", lambda: quota)

    assert available_threads() == expected


def test_idle_threads_sleep_where_nothing_else_was_asked_for() -> None:
    """Whichever OpenMP library torch comes with."""
    environment = {"PATH": "/bin", "OMP_NUM_THREADS": "2"}

    wait_passively(environment)

    assert environment == {"PATH": "/bin", "OMP_NUM_THREADS": "2", **PASSIVE_WAITING}


@pytest.mark.parametrize("name", ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"])
def test_a_wait_policy_of_the_user_stays(name: str) -> None:
    """All variables as they were."""
    environment = {name: "1"}

    wait_passively(environment)

    assert environment == {name: "1"}


def test_the_policy_is_set_without_torch() -> None:
    """Its OpenMP library reads the environment when it is loaded, and never again."""
    program = "import sys, training.threads; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
