"""Memory of a service: of one process, and of all that it has started."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from bench.footprint import Memory, tree_memory_mb

HOLD = "held = bytearray(64_000_000); print(flush=True); input()"


@pytest.mark.skipif(sys.platform != "linux", reason="read from the kernel's /proc")
def test_the_memory_of_a_tree_is_that_of_all_its_processes() -> None:
    """A child with 64 MB adds at least these; its maximum is kept after its end."""
    memory = Memory(os.getpid(), has_tree=True)
    alone = tree_memory_mb(os.getpid())
    command = [sys.executable, "-c", HOLD]
    with (
        memory.watched(),
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child,
    ):
        assert child.stdout is not None
        child.stdout.readline()
        held = memory.now_mb()
        while memory.peak_mb() < alone + 64:
            time.sleep(0.05)
        child.communicate(b"\n")

    assert held > alone + 64
    assert memory.peak_mb() > alone + 64
