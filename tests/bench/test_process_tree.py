"""The end of processes: nothing is left, whatever they do with signals."""

from __future__ import annotations

import signal
import subprocess
import sys

import psutil
import pytest

from bench.process_tree import kill_tree, stop_tree

PATIENCE_S = 300  # ends a hang, on a busy machine, too
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN)"
SLEEP = "print(1, flush=True); time.sleep(600)"


def started(parent: str) -> tuple[subprocess.Popen[str], psutil.Process]:
    """A process that has started one that ignores SIGTERM, and that one."""
    child = f"{DEAF}; {SLEEP}"
    code = (
        f"import subprocess, sys, time\n{parent}\nchild = subprocess.Popen([sys.executable, '-c', "
        f"{child!r}], stdout=subprocess.PIPE)\nchild.stdout.readline()\n"
        "print(child.pid, flush=True)\ntime.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    with process.stdout as told:
        return process, psutil.Process(int(told.readline()))


def has_ended(process: psutil.Process) -> bool:
    """Also if nobody has taken its exit code: in a container, process 1 may not."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("parent", ["", DEAF])
def test_what_ignores_the_signal_is_killed(parent: str) -> None:
    """Also what a process that heeds it has left behind."""
    process, child = started(parent)

    stop_tree(process, 0.5)

    assert process.returncode in {-signal.SIGTERM, -signal.SIGKILL}
    assert has_ended(child)


def test_it_is_told_who_had_to_be_killed() -> None:
    """So that a test of a service that does not end fails."""
    deaf, _ = started(DEAF)
    heeding = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])

    assert not stop_tree(deaf, 0.5)
    assert stop_tree(heeding, PATIENCE_S)
    assert stop_tree(heeding, PATIENCE_S)  # one that has ended is no error
    assert (deaf.returncode, heeding.returncode) == (-signal.SIGKILL, -signal.SIGTERM)


def test_a_tree_is_killed_at_once() -> None:
    """Also one that is stopped, and would answer no other signal."""
    process, child = started("")
    process.send_signal(signal.SIGSTOP)

    kill_tree(process, PATIENCE_S)

    assert process.returncode == -signal.SIGKILL
    assert has_ended(child)
