"""Forked commands behave as those of a process that was started."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fork_server import PATIENCE_S, ROOT, fork


@pytest.mark.parametrize(
    ("way", "code", "last"),
    [
        ("zero", 0, ""),
        ("none", 0, ""),
        ("falls", 0, ""),
        ("seven", 7, ""),
        ("words", 1, "some words"),
        ("error", 1, "ValueError: an error of its own"),
    ],
)
def test_a_forked_command_ends_as_a_started_one(
    tmp_path: Path, way: str, code: int, last: str
) -> None:
    """Exit code, what it says, its threads, and what is registered for the exit."""
    log = tmp_path / "log"
    with log.open("xb") as file:
        process = fork("tests.ending_command", way, environment={}, output=file.fileno())

    assert process.wait(PATIENCE_S) == code
    told = log.read_text().splitlines()
    assert f"begins with [{way!r}]" in told
    assert {"a thread ends", "registered for the exit"} <= set(told)
    assert not last or last in told


def test_a_forked_command_may_open_as_many_descriptors_as_it_is_told(tmp_path: Path) -> None:
    """The limit is its own: the next one has that of the server again."""
    limits: list[str] = []
    for name, descriptors in (("limited", 32), ("free", None)):
        with (tmp_path / name).open("xb") as file:
            process = fork(
                "tests.ending_command",
                "limit",
                environment={},
                output=file.fileno(),
                descriptors=descriptors,
            )
        assert process.wait(PATIENCE_S) == 0
        limits += re.findall(r"may open (\d+)", (tmp_path / name).read_text())

    assert limits == ["32", str(resource.getrlimit(resource.RLIMIT_NOFILE)[0])]


WITH_A_CHILD = """
import multiprocessing, os, sys, time
from tests.fork_server import forget_children
if __name__ == "__main__":
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    child.start()
    if os.fork() == 0:
        forget_children()
        sys.exit()
    os.wait()
    child.kill()
"""


def test_children_of_the_server_are_not_waited_for(tmp_path: Path) -> None:
    """A process that is forked beside them ends without a word."""
    script = tmp_path / "with_a_child.py"
    script.write_text(WITH_A_CHILD)

    ended = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )

    assert ended.stderr == ""


def test_a_forked_command_can_be_killed(tmp_path: Path) -> None:
    """Its end is told as a signal."""
    with (tmp_path / "log").open("xb") as file:
        process = fork("http.server", "0", environment=dict(os.environ), output=file.fileno())
    process.kill()

    assert process.wait(PATIENCE_S) == -signal.SIGKILL
    assert process.poll() == -signal.SIGKILL
