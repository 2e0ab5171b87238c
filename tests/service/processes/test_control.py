"""A process and the one that started it; the messages are tested with both sides."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_a_process_whose_parent_has_ended_already_ends_at_once() -> None:
    """It would never be told."""
    code = "from service.processes.control import end_with_parent; end_with_parent({}); print('on')"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code.format(parent)], cwd=ROOT, capture_output=True, check=True
        )
        for parent in (os.getpid(), 1)
    ]

    assert [run.stdout for run in runs] == [b"on\n", b""]
