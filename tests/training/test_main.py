"""The start of `python -m training`, before any command."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# `python -m training`, also where whoever runs the tests ignores Ctrl-C.
PROGRAM = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("training", run_name="__main__", alter_sys=True)
"""
# Stands for torch, in a folder before all others: says what it finds, then waits.
SLOW_IMPORT = """
import os, sys, time
print(os.environ.get("OMP_WAIT_POLICY"), os.environ.get("KMP_BLOCKTIME"), flush=True)
time.sleep(300)
"""


def start(folder: Path, **environment: str) -> subprocess.Popen[str]:
    """`python -m training` in which `import torch` takes minutes."""
    (folder / "torch.py").write_text(SLOW_IMPORT)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "KMP_", "GOMP_"))}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={**kept, "PYTHONPATH": str(folder), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.timeout(900)
def test_ctrl_c_during_imports_ends_without_a_traceback(tmp_path: Path) -> None:
    """With one sentence, and the code of what is interrupted."""
    with start(tmp_path) as process:
        assert process.stdout
        assert process.stdout.readline() == "PASSIVE 0\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()

    assert process.returncode == 130
    assert errors == "stopped before anything began\n"


@pytest.mark.timeout(900)
def test_torch_finds_the_wait_policy_of_the_user(tmp_path: Path) -> None:
    """And nothing beside it."""
    with start(tmp_path, OMP_WAIT_POLICY="ACTIVE") as process:
        assert process.stdout
        assert process.stdout.readline() == "ACTIVE None\n"
        process.kill()
