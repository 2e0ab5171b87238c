"""Processes of trials, as the search sees them.

Owns their start, their conversation and their end. Knows no setting and no score. Each one computes
on one thread, in a session of its own, so that Ctrl-C reaches only the search.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self, cast

from pydantic import TypeAdapter

from training.tuning.outcome import Measurement
from training.tuning.worker import END, GO_ON

LOG_FILE = "worker.log"
WAIT_SECONDS = 0.2  # for an event, before signals and new work are looked at again
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}


@dataclass(frozen=True)
class WorkerEvent:
    """A measurement of a trial, or its end.

    Attributes:
        folder: of the trial.
        measured: to be answered; None at the end.
        code: exit code at the end; that of a signal is negative.
    """

    folder: Path
    measured: Measurement | None = None
    code: int = 0


class TrialProcesses:
    """The running processes of trials; use it as a context manager.

    On exit they are stopped: each finishes its step and writes its checkpoint.

    Args:
        data: the prepared folder.
    """

    def __init__(self, data: Path) -> None:
        self._data = data.resolve()
        self._workers: dict[Path, subprocess.Popen[bytes]] = {}
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._selector.close()

    def __len__(self) -> int:
        return len(self._workers)

    def start(self, folder: Path) -> None:
        """Start, or go on with, the trial of a folder.

        Raises:
            OSError: no process can be started.
        """
        words = [sys.executable, "-m", "training.tuning.worker", str(folder.resolve())]
        with (folder / LOG_FILE).open("ab") as log:
            worker = subprocess.Popen(
                [*words, str(self._data)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                bufsize=0,
                start_new_session=True,
                cwd=Path(__file__).parents[2],
                env=os.environ | ONE_THREAD,
            )
        self._workers[folder] = worker
        self._selector.register(cast("IO[bytes]", worker.stdout), selectors.EVENT_READ, folder)

    def events(self) -> Iterator[WorkerEvent]:
        """Yield what happened since the last call; waits a moment for it."""
        for key, _ in self._selector.select(WAIT_SECONDS):
            folder = cast("Path", key.data)
            line = cast("IO[bytes]", key.fileobj).readline()
            if line:
                yield WorkerEvent(folder, TypeAdapter(Measurement).validate_json(line))
            else:
                yield WorkerEvent(folder, code=self._ended(folder))

    def answer(self, folder: Path, *, go_on: bool) -> None:
        """Answer a measurement; a process that has ended in between is met at its end."""
        try:
            cast("IO[bytes]", self._workers[folder].stdin).write((GO_ON if go_on else END).encode())
        except BrokenPipeError:
            return

    def stop(self) -> None:
        """Ask all processes to stop, and wait for their checkpoints."""
        for worker in self._workers.values():
            cast("IO[bytes]", worker.stdin).close()
        for folder in [*self._workers]:
            self._ended(folder)

    def kill(self) -> None:
        """End all processes at once."""
        for worker in self._workers.values():
            worker.kill()

    def _ended(self, folder: Path) -> int:
        worker = self._workers.pop(folder)
        self._selector.unregister(cast("IO[bytes]", worker.stdout))
        for pipe in (worker.stdin, worker.stdout):
            cast("IO[bytes]", pipe).close()
        return worker.wait()
