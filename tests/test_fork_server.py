"""Forked commands behave as those of a process that was started."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.fork_server import PATIENCE_S, fork


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


def test_a_forked_command_can_be_killed(tmp_path: Path) -> None:
    """Its end is told as a signal."""
    with (tmp_path / "log").open("xb") as file:
        process = fork("http.server", "0", environment=dict(os.environ), output=file.fileno())
    process.kill()

    assert process.wait(PATIENCE_S) == -signal.SIGKILL
    assert process.poll() == -signal.SIGKILL
