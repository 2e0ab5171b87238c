"""The Makefile: two makes at a time share one installation, and a cut-off one is made anew."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")

PATIENCE_S = 300  # ends a hang

# Makes a `.venv` whose python is itself, and notes what it is asked for; an installation goes on
# until there is a file `go`.
PYTHON = """#!/bin/sh
case "$*" in
"-m venv --clear .venv")
    echo clear >> log
    rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python; touch .venv/pyvenv.cfg ;;
"-m pip install"*)
    echo install >> log; while [ ! -e go ]; do sleep 0.05; done; echo installed >> log ;;
*) exec "{python}" "$@" ;;
esac
"""


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    """The Makefile, with nothing to install and a python that only pretends to."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(root / name, tmp_path)
    python = tmp_path / "python"
    python.write_text(PYTHON.format(python=sys.executable))
    python.chmod(0o755)
    (tmp_path / "log").touch()
    return tmp_path


def make(checkout: Path, target: str) -> subprocess.Popen[str]:
    """A make of its own."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.Popen(
        ["make", target, f"PYTHON={checkout / 'python'}"],
        cwd=checkout,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_for(checkout: Path, line: str) -> None:
    """Come back when the log has the line."""
    deadline = time.monotonic() + PATIENCE_S
    while line not in (checkout / "log").read_text().splitlines():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_second_make_waits_and_finds_the_work_done(checkout: Path) -> None:
    """It would otherwise clear .venv, since it is unfinished, while the first installs into it."""
    first = make(checkout, "setup")
    wait_for(checkout, "install")
    second = make(checkout, "setup")
    assert second.stdout
    told = next(line for line in second.stdout if "Waiting" in line)
    (checkout / "go").touch()
    rest = second.communicate(timeout=PATIENCE_S)[0]
    first.communicate(timeout=PATIENCE_S)

    assert (first.returncode, second.returncode) == (0, 0), rest
    assert "Waiting for another make" in told
    assert (checkout / "log").read_text().split() == ["clear", "install", "installed"]
    assert (checkout / ".venv/ready-training").exists()


def test_what_is_installed_stays_and_what_was_cut_off_is_made_anew(checkout: Path) -> None:
    """A killed make holds no lock."""
    cut_off = make(checkout, "setup")
    wait_for(checkout, "install")
    os.killpg(cut_off.pid, signal.SIGKILL)
    cut_off.communicate()
    (checkout / "go").touch()
    for _ in range(2):
        again = make(checkout, "setup")
        output = again.communicate(timeout=PATIENCE_S)[0]
        assert again.returncode == 0, output

    assert (checkout / "log").read_text().split().count("clear") == 2
    assert not (checkout / ".venv/unfinished").exists()


def test_a_second_set_of_extras_adds_to_the_same_installation(checkout: Path) -> None:
    """`make setup` after `make serve` clears nothing."""
    (checkout / "go").touch()
    for target in (".venv/ready-service", ".venv/ready-training"):
        run = make(checkout, target)
        output = run.communicate(timeout=PATIENCE_S)[0]
        assert run.returncode == 0, output

    log = (checkout / "log").read_text().split()
    assert log == ["clear", "install", "installed", "install", "installed"]
