"""A progress bar for work of known length: a bar in a terminal, plain lines in a log.

Owns the display. Knows no details of the work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 30

OnProgress = Callable[[int, int], None]  # parts done, total
OpenProgress = Callable[[str], AbstractContextManager[OnProgress]]  # label -> open progress bar
Advance = Callable[[], None]  # called after each part

T = TypeVar("T")


def ignore_progress(_done: int, _total: int) -> None:
    """Ignore progress."""


def no_advance() -> None:
    """Ignore one finished part."""


def tracked(items: Sequence[T], on_progress: OnProgress) -> Iterator[T]:
    """Yield the items, and report each one after it was processed."""
    for done, item in enumerate(items, 1):
        yield item
        on_progress(done, len(items))


def counted(total: int, on_progress: OnProgress) -> Advance:
    """Return a callable that reports one more part of `total` at each call."""
    parts = iter(range(1, total + 1))
    return lambda: on_progress(next(parts), total)


@contextmanager
def progress_bar(
    label: str,
    unit: str = "steps",
    console: Console | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[OnProgress]:
    """Yield a callable that displays the progress.

    Args:
        label: name of the work, such as "fitting exits".
        unit: name of its parts, such as "steps".
        console: output; the standard error by default.
        clock: in seconds.
    """
    console = console or Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _lines(label, unit, console, clock)
        return
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn())
    with Progress(TextColumn(label), *columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _lines(label: str, unit: str, console: Console, clock: Callable[[], float]) -> OnProgress:
    began = printed = clock()

    def on_progress(done: int, total: int) -> None:
        nonlocal printed
        now = clock()
        if now - printed >= SECONDS_BETWEEN_LINES or done == total:
            printed = now
            console.print(
                f"{label}: {done:,} of {total:,} {unit}, {now - began:.0f} s",
                markup=False,
                soft_wrap=True,
            )

    return on_progress
