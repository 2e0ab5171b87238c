"""What the HTTP side costs: a real service whose engine waits, and the arithmetic of its table."""

from __future__ import annotations

import pytest

from bench.front import FrontRow, rows_of, table
from bench.paced.engine import Pace
from bench.paced.pictures import noise_pictures
from bench.paced.process import Used, split
from bench.paced.tree_rows import tree_rows_of, tree_table


@pytest.mark.slow
def test_each_part_of_a_service_is_measured() -> None:
    """Requests are answered with pictures, and every part has used some processor time."""
    rows = rows_of(noise_pictures([64]), ["png"], 0.5, credentials=[False])

    (row,) = rows
    assert (row.size, row.format, row.failed) == (64, "png", 0)
    assert row.a_second > 0
    assert min(row.ms.http, row.ms.hand_over, row.ms.encoding) > 0
    assert row.ms.encoding < row.ms.total


@pytest.mark.slow
def test_each_kind_of_process_is_measured() -> None:
    """Requests to two front ends are answered, and both they and the engine have used time."""
    rows = tree_rows_of(noise_pictures([64]), ["png"], [2], 1.0)

    (row,) = rows
    assert (row.frontends, row.size, row.format, row.failed) == (2, 64, "png", 0)
    assert row.a_second > 0
    assert row.ms.front > row.ms.engine > 0
    assert tree_table(rows)[-1].startswith("| 2 | 64 | png |")


def test_threads_are_sorted_by_what_they_do() -> None:
    """All encoders count together, and what is unknown is not lost."""
    used = split(
        {"MainThread": 1.0, "engine": 0.5, "encoder_0": 2.0, "encoder_1": 3.0, "clocks": 0.1}
    )

    assert used == Used(1.0, 0.5, 5.0, 0.1)
    assert used.total == pytest.approx(6.6)


def test_the_table_tells_milliseconds_of_an_answer_and_cores_of_a_device() -> None:
    """Two seconds for a thousand answers are two cores at a thousand a second."""
    ms = Used(2.0, 1.0, 4.0, 0.0).since(Used(1.0, 0.5, 3.5, 0.0), 1000)
    row = FrontRow(64, "png", False, 321.4, 0, ms)

    assert ms == Used(1.0, 0.5, 0.5, 0.0)
    assert [row.cores(rate) for rate in (1_000, 10_000)] == [2.0, 20.0]
    assert table([row])[-1] == (
        "| 64 | png | no | 321 | 1.00 | 0.50 | 0.50 | 0.00 | 2.00 | 2.0 | 6.0 | 20.0 |"
    )


def test_a_batch_takes_as_long_as_was_set() -> None:
    """With or without a share for each picture."""
    assert Pace(0.004).seconds(32) == 0.004
    assert Pace(0.1, 0.01).seconds(5) == pytest.approx(0.15)
