"""Continuous integration: what fails is named, and fails the run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

# Notes its target, and fails at those that are listed in `failing`.
MAKE = """#!/bin/sh
echo "$2" >> log
echo "output of $2"
! grep -qx "$2" failing
"""


def run_with(root: Path, folder: Path, failing: list[str]) -> subprocess.CompletedProcess[str]:
    """`.ci/run` in `folder`, with a make at which these targets fail."""
    (folder / ".ci").mkdir()
    shutil.copy(root / ".ci/run", folder / ".ci")
    (folder / "make").write_text(MAKE)
    (folder / "make").chmod(0o755)
    (folder / "failing").write_text("\n".join(failing))
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", ".ci/run"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("failing", "named"),
    [
        ([], []),
        (["check"], ["failed: make check"]),
        (["test"], ["failed: make test"]),
        (["check", "test"], ["failed: make test", "failed: make check"]),
    ],
)
def test_each_failure_fails_the_run_and_is_named_last(
    root: Path, tmp_path: Path, failing: list[str], named: list[str]
) -> None:
    """The other target runs to its end all the same."""
    run = run_with(root, tmp_path, failing)

    output = ["output of .venv/ready-dev", "output of test", "output of check"]
    assert run.stdout.splitlines() == output + named, run.stderr
    assert run.returncode == bool(failing)
    assert sorted((tmp_path / "log").read_text().split()) == [".venv/ready-dev", "check", "test"]


def test_nothing_runs_without_an_installation(root: Path, tmp_path: Path) -> None:
    """A failed one ends the run at once."""
    run = run_with(root, tmp_path, [".venv/ready-dev"])

    assert run.returncode != 0
    assert (tmp_path / "log").read_text().split() == [".venv/ready-dev"]
