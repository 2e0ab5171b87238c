"""The journal: whole lines, cut to a moment, and means that go on exactly."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.conftest import FullDisk
from training.run_folder.journal import Averages, append_line, read_lines, truncate_after

FINITE = st.floats(-1e6, 1e6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of four lines, after 10, 20, 30 and 40 images."""
    path = tmp_path / "journal.jsonl"
    for images in (10, 20, 30, 40):
        append_line(path, {"images_shown": images, "loss": images / 3})
    return path


def shown(path: Path) -> list[object]:
    """The moments of the lines."""
    return [line["images_shown"] for line in read_lines(path)]


def test_lines_come_back_as_they_were_written(path: Path) -> None:
    """Oldest first, every number exact."""
    assert read_lines(path) == [{"images_shown": n, "loss": n / 3} for n in (10, 20, 30, 40)]


def test_every_line_is_json_of_its_own(path: Path) -> None:
    """So that any tool can read it."""
    assert [json.loads(text)["images_shown"] for text in path.read_text().splitlines()] == [
        10,
        20,
        30,
        40,
    ]


@pytest.mark.parametrize(
    "damage", [b"3", b'"images_shown"', b"{}", b'{"images_shown": 25, "\xff": 1}']
)
def test_a_damaged_line_ends_the_journal(path: Path, damage: bytes) -> None:
    """Whatever stands there; the lines before it are kept, those after it are told again."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], damage, b"\n", *lines[2:]]))

    truncate_after(path, 40)

    assert path.read_bytes() == b"".join(lines[:2])
    path.write_bytes(lines[0] + b"[3]\n" + lines[1])
    assert shown(path) == [10]


def test_no_journal_is_an_empty_one(tmp_path: Path) -> None:
    """A run that was never begun."""
    truncate_after(tmp_path / "journal.jsonl", 10)

    assert read_lines(tmp_path / "journal.jsonl") == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("images", "kept"), [(0, []), (9, []), (10, [10]), (35, [10, 20, 30]), (99, [10, 20, 30, 40])]
)
def test_lines_after_a_moment_are_dropped(path: Path, images: int, kept: list[int]) -> None:
    """Those at the moment itself stay."""
    whole = path.read_bytes()

    truncate_after(path, images)

    assert shown(path) == kept
    assert whole.startswith(path.read_bytes())
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_half_written_line_is_dropped_wherever_it_was_cut(path: Path) -> None:
    """Even if only the line break is missing; the next line begins a line of its own."""
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for cut in range(last + 1, len(whole)):
        path.write_bytes(whole[:cut])
        truncate_after(path, 99)
        append_line(path, {"images_shown": 50})

        assert shown(path) == [10, 20, 30, 50]


def test_reading_leaves_a_half_written_line_out(path: Path) -> None:
    """A run may be looked at while it goes on."""
    path.write_bytes(path.read_bytes()[:-7])

    assert shown(path) == [10, 20, 30]


@pytest.mark.parametrize("odd", ["[1]", "7", '{"loss": 1}', "null"])
def test_a_line_that_is_none_ends_the_journal(path: Path, odd: str) -> None:
    """What follows it cannot be trusted either."""
    path.write_text('{"images_shown": 5}\n' + odd + '\n{"images_shown": 6}\n')

    truncate_after(path, 99)

    assert shown(path) == [5]


def test_a_full_disk_is_told(path: Path, full_disk: FullDisk) -> None:
    """And the lines before it can still be read."""
    with full_disk(path.stat().st_size + 10), pytest.raises(OSError, match="File too large"):
        append_line(path, {"images_shown": 50, "loss": 0.0})

    assert shown(path) == [10, 20, 30, 40]


# ----------------------------------------------------------------------------------------
# Averages


def test_means_are_per_image() -> None:
    """A step of 30 images counts three times one of 10."""
    averages = Averages()
    averages.add({"loss": 1.0}, 10)
    averages.add({"loss": 5.0}, 30)

    assert averages.means() == {"loss": 4.0}


def test_nothing_taken_in_has_no_means() -> None:
    """A tick right after another."""
    assert Averages().means() == {}


@given(st.lists(FINITE, min_size=2, max_size=20), st.data())
def test_averages_go_on_exactly_after_json(values: list[float], data: st.DataObject) -> None:
    """Stopped anywhere, written down and read again, the means are the same bits."""
    stop = data.draw(st.integers(1, len(values) - 1))
    whole, first = Averages(), Averages()
    for value in values:
        whole.add({"loss": value}, 7)
    for value in values[:stop]:
        first.add({"loss": value}, 7)
    second = Averages(json.loads(json.dumps(first.sums)), first.images)
    for value in values[stop:]:
        second.add({"loss": value}, 7)

    assert second.means() == whole.means()
