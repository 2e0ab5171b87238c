"""The lock on a run: one trainer at a time, and nothing left behind."""

import subprocess
import sys
from pathlib import Path

import pytest

from training.config.config import ConfigError
from training.run_folder.lock import run_lock

HOLDS = """
import sys, time
from pathlib import Path
from training.run_folder.lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_trainer_is_refused_until_the_first_one_is_killed(tmp_path: Path) -> None:
    """The lock goes with its process, also with one that had no time to tidy up."""
    run = tmp_path / "runs" / "new"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, run], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(ConfigError, match="is being trained by another process"), run_lock(run):
            pass
    finally:
        process.kill()
        process.communicate()

    with run_lock(run):
        assert list(run.iterdir()) == []


def test_a_run_is_free_again_after_a_failure(tmp_path: Path) -> None:
    """Within one process, too."""
    with pytest.raises(RuntimeError), run_lock(tmp_path):
        raise RuntimeError

    with run_lock(tmp_path):
        pass


def test_a_disk_without_locks_refuses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network disks have none."""

    def none(_handle: int, _kind: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", none)
    entered: list[str] = []
    with run_lock(tmp_path), run_lock(tmp_path):
        entered.append("both")

    assert entered == ["both"]
