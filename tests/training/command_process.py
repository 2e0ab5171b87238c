"""`python -m training` as a process that a test can kill, forked, with what it says in a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.fork_server import ForkedProcess, fork

ROOT = Path(__file__).parents[2]
LONGEST_S = 600  # of a command; ends a hang


class CommandProcess:
    """A command of training that runs on one thread.

    Args:
        log: a new file for what it says.
        words: of its command line.

    Attributes:
        process: to look at, and to send signals to.
    """

    def __init__(self, log: Path, *words: object) -> None:
        self._log = log
        with log.open("xb") as file:
            self.process: ForkedProcess = fork(
                "training",
                *map(str, words),
                environment={**os.environ, "OMP_NUM_THREADS": "1"},
                output=file.fileno(),
            )

    @property
    def told(self) -> str:
        """All that it said so far."""
        return self._log.read_text("utf-8")

    def finish(self) -> str:
        """All that it said until it ended by itself, without an error."""
        assert self.process.wait(LONGEST_S) == 0, self.told
        return self.told

    def kill(self) -> str:
        """`kill -9` while it runs; all that it had said."""
        self.process.kill()
        assert self.process.wait(LONGEST_S) == -9, "the process ended before it could be killed"
        return self.told


def run_from_scratch(*words: object) -> None:
    """Run a command to its end in a process that is not forked: its hashes have another seed."""
    done = subprocess.run(
        [sys.executable, "-m", "training", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
