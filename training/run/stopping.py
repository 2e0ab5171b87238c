"""Stopping a run by a signal, after the current step.

Owns the handlers of SIGINT and SIGTERM during training. Knows no run.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Self

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Request by SIGINT or SIGTERM to finish the step, write a checkpoint and stop.

    Use it as a context manager: inside, a second signal ends the process at once; on exit, the
    earlier signal handlers are restored.

    Args:
        aloud: write messages to the standard error; with several processes, only one does.
    """

    def __init__(self, *, aloud: bool = True) -> None:
        self.asked = False
        self.unsaved_images = 0  # shown since the last checkpoint
        self._aloud = aloud
        self._before = {number: signal.getsignal(number) for number in STOP_SIGNALS}

    def __enter__(self) -> Self:
        for number in STOP_SIGNALS:
            signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler or signal.SIG_DFL)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
        self._say(
            "stopping after this step and its checkpoint; a second signal (Ctrl-C) stops at once "
            "and loses the images since the last one"
        )
        for number in STOP_SIGNALS:
            signal.signal(number, self._end)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self._say(
            f"stopped at once: {self.unsaved_images:,} images since the last checkpoint are lost; "
            "the same command goes on from there"
        )
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _say(self, text: str) -> None:
        if self._aloud:  # without buffers and locks: the signal may have interrupted their holder
            os.write(2, f"\n{text}\n".encode())
