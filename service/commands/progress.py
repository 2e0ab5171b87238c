"""The progress of a long command, on stderr: a bar in a terminal, and notes everywhere.

Owns their form. Knows no command.
"""

from __future__ import annotations

import sys

BAR = 30  # characters


def note(text: str) -> None:
    """Print a line for the person who runs the command."""
    print(text, file=sys.stderr)  # noqa: T201 - for a person


def show_progress(done: int, total: int, rate: float) -> None:
    """Draw the progress bar, if a person looks at it; `rate` is the number done in a second."""
    if sys.stderr.isatty():
        filled = BAR * done // total
        left = duration_text((total - done) / rate)
        bar = "#" * filled + "." * (BAR - filled)
        print(f"\r[{bar}] {done:,} of {total:,}, {left} left ", end="", file=sys.stderr, flush=True)  # noqa: T201 - for a person


def end_progress() -> None:
    """End the line of the progress bar."""
    if sys.stderr.isatty():
        print(file=sys.stderr)  # noqa: T201 - for a person


def duration_text(seconds: float) -> str:
    """Return a duration in the unit that suits it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"
