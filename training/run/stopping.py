"""Stopping a run by a signal: after the step that is being computed.

Owns what SIGINT and SIGTERM do while a run is trained. Knows no run.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Self

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Set by SIGINT or SIGTERM: finish the step, write a checkpoint, leave.

    Use it as a context: inside, a second signal ends the process at once; after it, signals do what
    they did before.

    Args:
        aloud: whether to say so on the standard error; with several processes, one of them.
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
        if self._aloud:  # without buffers and locks, which the signal may have interrupted
            os.write(2, f"\n{text}\n".encode())
