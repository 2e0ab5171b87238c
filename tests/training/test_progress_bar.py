"""What a person sees of long work."""

import io

from rich.console import Console

from training.progress_bar import progress_bar, tracked


def test_a_log_gets_a_line_now_and_then() -> None:
    """One in half a minute, and the last."""
    console = Console(file=io.StringIO(), width=20)
    times = iter([0.0, 1.0, 31.0, 32.0, 40.0])

    with progress_bar("fitting exits", "steps", console, lambda: next(times)) as watch:
        for done in (1, 1_500, 1_501, 2_000):
            watch(done, 2_000)

    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "fitting exits: 1,500 of 2,000 steps, 31 s",
        "fitting exits: 2,000 of 2,000 steps, 40 s",
    ]


def test_a_terminal_gets_a_bar() -> None:
    """That moves, and is gone in the end."""
    console = Console(file=io.StringIO(), force_terminal=True, width=100)

    with progress_bar("fitting exits", "steps", console) as watch:
        watch(7, 20)
        watch(8, 20)

    assert isinstance(console.file, io.StringIO)
    assert "fitting exits" in console.file.getvalue()


def test_an_item_counts_when_it_has_been_worked_on() -> None:
    """Not when it is begun."""
    reported: list[tuple[int, int]] = []
    before: list[int] = []

    for _ in tracked("abc", lambda done, total: reported.append((done, total))):
        before.append(len(reported))

    assert before == [0, 1, 2]
    assert reported == [(1, 3), (2, 3), (3, 3)]
