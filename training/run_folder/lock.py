"""The lock of a run folder: only one command trains it at a time.

Owns that lock. The kernel holds it, so it is released when its process ends for any reason, and
leaves no file state behind.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from training.config.config import ConfigError

LOCK_ADVICE = "let it come to its end or stop it, or choose another --run"


@contextmanager
def run_lock(run: Path, advice: str = LOCK_ADVICE) -> Generator[None]:
    """Lock a run: inside the context no other command can train it. Creates a missing folder.

    Two writers in one folder would damage the journal and delete each other's checkpoints. On a
    file system without locks no error is raised.

    Args:
        run: the folder.
        advice: end of the message of the error.

    Raises:
        ConfigError: another command trains the run.
    """
    run.mkdir(parents=True, exist_ok=True)
    handle = os.open(run, os.O_RDONLY)
    try:
        with suppress(OSError):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ConfigError(f"{run} is being trained by another process: {advice}") from error
        yield
    finally:
        os.close(handle)
