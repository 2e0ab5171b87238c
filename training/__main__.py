"""`python -m training`: prepares the process, then runs a command of `command_line.py`.

Owns what must happen before torch is imported: how OpenMP's threads wait, and what Ctrl-C does in
the seconds that imports take.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

from training.threads import wait_passively

INTERRUPTED = 130  # the exit code of a command that Ctrl-C ended


def start() -> None:
    """Import the commands, run one, and end this process with its exit code."""
    wait_passively(os.environ)
    interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if interruptible:  # and not ignored, as behind `nohup`
        signal.signal(signal.SIGINT, end_at_once)
    from training.command_line import run_process  # noqa: PLC0415 - imports torch

    if interruptible:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run_process()


def end_at_once(_number: int, _frame: FrameType | None) -> None:
    """End without a traceback: no command has begun, and an import must not swallow the signal."""
    os.write(2, b"stopped before anything began\n")
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    start()
