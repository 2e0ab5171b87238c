"""A run is asked to stop: a signal that waits for the end of the step.

Owns what SIGINT and SIGTERM do while a run goes on. Knows no run.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import Self

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Set by SIGINT or SIGTERM: finish the step, write a checkpoint, leave.

    Use it as a context: inside, a second signal ends the process at once; after it, signals do what
    they did before.
    """

    def __init__(self) -> None:
        self.asked = False
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
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
