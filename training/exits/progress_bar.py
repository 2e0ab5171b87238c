"""What a person sees while exits learn: a bar in a terminal, plain lines in a log.

Owns the display and nothing of the learning.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 30

OnProgress = Callable[[int, int], None]  # steps done, steps in all


@contextmanager
def progress_bar(
    console: Console | None = None, clock: Callable[[], float] = time.monotonic
) -> Generator[OnProgress]:
    """A callable that is told of every step and shows it.

    Args:
        console: where to write; the standard error unless told.
        clock: in seconds.
    """
    console = console or Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _lines(console, clock)
        return
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("steps"), TimeRemainingColumn())
    with Progress(
        TextColumn("fitting exits"), *columns, console=console, transient=True
    ) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _lines(console: Console, clock: Callable[[], float]) -> OnProgress:
    began = printed = clock()

    def watch(done: int, total: int) -> None:
        nonlocal printed
        now = clock()
        if now - printed >= SECONDS_BETWEEN_LINES or done == total:
            printed = now
            console.print(f"fitting exits: {done:,} of {total:,} steps, {now - began:.0f} s")

    return watch
