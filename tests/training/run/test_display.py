"""What a person sees: level, alpha, rate and time left, in a terminal and in a log."""

import io

import pytest
from rich.console import Console

from models.growth import Growth
from training.game.schedule import ScheduleState
from training.run.display import Display, describe_schedule, format_duration
from training.run_folder import time_left
from training.run_folder.time_left import Workload


def moment_at(level: int, alpha: float) -> ScheduleState:
    """A moment of that growth."""
    return ScheduleState(0, Growth(level, alpha), 4, 0.001, 0.001, 1.0, 1, 48, 24, 0.5)


@pytest.mark.parametrize(
    ("level", "alpha", "words"),
    [
        (0, 1.0, "4 px held"),
        (1, 0.0, "8 px fading in, alpha 0.00"),
        (1, 0.5, "8 px fading in, alpha 0.50"),
        (8, 1.0, "1024 px held"),
    ],
)
def test_growth_is_told_in_words(level: int, alpha: float, words: str) -> None:
    """Resolution, and how far the fade is."""
    assert describe_schedule(moment_at(level, alpha)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 min 00 s"),
        (59.4, "0 min 59 s"),
        (59.6, "1 min 00 s"),
        (3_599.0, "59 min 59 s"),
        (3_599.6, "1 h 00 min"),
        (93_784.0, "26 h 03 min"),
    ],
)
def test_durations_are_told_in_two_units(seconds: float, words: str) -> None:
    """Rounded before they are divided, so that 60 seconds are a minute."""
    assert format_duration(seconds) == words


def test_a_log_gets_plain_lines() -> None:
    """One per tick with everything in it, unwrapped, and no bar between them."""
    file = io.StringIO()
    with Display(72, Console(file=file, width=40, soft_wrap=True)) as display:
        display.update(moment_at(1, 0.5), 36, 8.0)
        display.tick(moment_at(1, 0.5), 36, 8.0, {"r1": 0.25, "generator": 1.5})

    assert [line for line in file.getvalue().splitlines() if line] == [
        (
            "8 px fading in, alpha 0.50  36 of 72 images  8.0 images/s  "
            "about 0 min 04 s left  r1 0.250  generator 1.500"
        )
    ]


def test_time_left_counts_levels_by_their_cost() -> None:
    """Here an image of the second level costs nine times one of the first."""
    file = io.StringIO()
    workload = Workload((100, 200), (1.0, 9.0))
    with Display(200, Console(file=file, soft_wrap=True), workload) as display:
        display.tick(moment_at(0, 1.0), 50, 10.0, {})

    assert "about 1 min 35 s left" in file.getvalue()  # 5 s, then 100 images in 90 s


def test_a_rate_that_collapses_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, below the line of its tick."""
    monkeypatch.setattr(time_left, "load_average", lambda: 7.0)
    monkeypatch.setattr(time_left, "available_threads", lambda: 2)
    file = io.StringIO()
    with Display(72, Console(file=file, soft_wrap=True)) as display:
        for rate in (60.0, 10.0, 9.0):
            display.tick(moment_at(1, 1.0), 36, rate, {})

    lines = [line for line in file.getvalue().splitlines() if line.startswith("hint")]
    assert lines == [
        (
            "hint: 10.0 images/s, 60.0 before: 7 processes want 2 cores. End others, or stop this "
            "run and go on with fewer --threads"
        )
    ]


def test_a_tick_without_a_rate_tells_no_time_left() -> None:
    """Nothing is divided by zero."""
    file = io.StringIO()
    with Display(72, Console(file=file, soft_wrap=True)) as display:
        display.tick(moment_at(0, 1.0), 0, 0.0, {})

    assert "about ? left" in file.getvalue()


def test_a_terminal_gets_a_bar() -> None:
    """With level, alpha, images and rate."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=120, color_system=None)
    with Display(1_072, console) as display:
        display.update(moment_at(1, 0.5), 1_036, 8.0)

    assert "8 px fading in, alpha 0.50" in file.getvalue()
    assert "1,036 / 1,072 images 8.0 images/s" in file.getvalue()


def test_what_is_said_is_not_interpreted() -> None:
    """A path may hold brackets and colons."""
    file = io.StringIO()
    with Display(72, Console(file=file, soft_wrap=True)) as display:
        display.say("runs/[bold]x/:cat:/a")

    assert "runs/[bold]x/:cat:/a\n" in file.getvalue()


def test_a_process_that_is_not_the_first_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither lines nor a bar."""
    with Display.silent(100) as display:
        display.say("anything")
        display.update(moment_at(1, 0.5), 48, 10.0)

    assert capsys.readouterr().out == ""
