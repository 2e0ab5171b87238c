"""Pictures that were left out."""

import json
from pathlib import Path

import pytest

from training.data.manifest import SKIPPED_LISTED, DataError, Skipped
from training.data.skipped import SkippedWriter


def test_all_are_written_and_only_the_first_are_held(tmp_path: Path) -> None:
    """Memory does not grow with the number of bad pictures."""
    writer = SkippedWriter(tmp_path / "skipped.jsonl", strict=False)
    for start in range(0, 250, 50):
        writer.append([Skipped(f"{n}.png", "is odd") for n in range(start, start + 50)])
    writer.close()
    lines = (tmp_path / "skipped.jsonl").read_text().splitlines()

    assert writer.count == len(lines) == 250
    assert json.loads(lines[249]) == {"name": "249.png", "reason": "is odd"}
    assert [skipped.name for skipped in writer.first] == [f"{n}.png" for n in range(SKIPPED_LISTED)]
    assert writer.reasons(2) == "0.png is odd; 1.png is odd"


def test_without_skipped_pictures_there_is_no_file(tmp_path: Path) -> None:
    """An empty list is no news."""
    writer = SkippedWriter(tmp_path / "skipped.jsonl", strict=True)
    writer.append([])
    writer.close()

    assert list(tmp_path.iterdir()) == []


def test_strictness_refuses_the_first_by_name(tmp_path: Path) -> None:
    """The message says what lenience would do."""
    writer = SkippedWriter(tmp_path / "skipped.jsonl", strict=True)
    with pytest.raises(DataError, match="a.png is odd .without --strict"):
        writer.append([Skipped("a.png", "is odd"), Skipped("b.png", "is even")])
    writer.abandon()
