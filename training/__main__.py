"""`python -m training`: prepares the process, then runs a command of `command_line.py`.

Owns the settings needed before torch is imported: the waiting policy of OpenMP threads, and the
handling of Ctrl-C during the imports, which take seconds.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

from training.threads import wait_passively

INTERRUPTED = 130  # exit code of a command stopped by Ctrl-C


def start() -> None:
    """Import the commands, run one, and exit this process with its exit code."""
    wait_passively(os.environ)
    interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if interruptible:  # not if SIGINT is ignored, for example in a background job
        signal.signal(signal.SIGINT, end_at_once)
    from training.command_line import run_process  # noqa: PLC0415 - imports torch

    if interruptible:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run_process()


def end_at_once(_number: int, _frame: FrameType | None) -> None:
    """Exit without a traceback or exception: no command has begun, and imports can catch one."""
    os.write(2, b"stopped before anything began\n")
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    start()
