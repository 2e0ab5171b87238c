"""One run, one trainer: a folder that is in use.

Owns the lock on the folder of a run. It is the kernel's, so it ends with its process, however that
ends, and leaves nothing behind.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from training.config.config import ConfigError


@contextmanager
def run_lock(run: Path) -> Generator[None]:
    """Inside, no other command trains the run; the folder is made if it is new.

    Two that wrote into one folder would spoil the journal and delete each other's checkpoints. On a
    disk that knows no locks nothing is refused.

    Raises:
        ConfigError: another one does.
    """
    run.mkdir(parents=True, exist_ok=True)
    handle = os.open(run, os.O_RDONLY)
    try:
        with suppress(OSError):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ConfigError(
                    f"{run} is being trained by another process: let it come to its end or stop "
                    "it, or choose another --run"
                ) from error
        yield
    finally:
        os.close(handle)
