"""The progress of long commands: a bar for people, silence in logs."""

from __future__ import annotations

import io
import sys

import pytest

from service.commands.progress import duration_text, end_progress, note, show_progress


class Terminal(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_a_terminal_shows_a_bar_with_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redrawn in its line, which ends with the work."""
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    show_progress(50, 200, 10.0)
    end_progress()

    assert terminal.getvalue() == f"\r[{'#' * 7}{'.' * 23}] 50 of 200, 15 s left \n"


def test_a_log_has_notes_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """A bar would fill it."""
    show_progress(50, 200, 10.0)
    end_progress()
    note("done")

    assert capsys.readouterr().err == "done\n"


@pytest.mark.parametrize(("seconds", "text"), [(5, "5 s"), (300, "5 minutes"), (9000, "2.5 hours")])
def test_a_duration_is_told_in_a_unit_that_suits_it(seconds: float, text: str) -> None:
    """Nobody counts in thousands of seconds."""
    assert duration_text(seconds) == text
