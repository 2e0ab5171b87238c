"""Rows of a reader of parts, and their table."""

import json
from pathlib import Path

import numpy as np
import pytest

from training.benchmark.parts import (
    PARTS_FILE,
    PARTS_TABLE,
    REAL_DATA,
    PartsJudge,
    judge_of,
    rows_of_data,
    write_rows,
)
from training.data.stream import Prepared
from training.quality.parts.distortions import DESTRUCTIONS
from training.quality.parts.reader import PartReader
from training.quality.pictures import PictureSet


@pytest.fixture(scope="module")
def judge(patterns: Prepared, reader: PartReader) -> PartsJudge:
    """A reader of patterns."""
    return judge_of(patterns, reader, 1_024)


def test_real_data_come_first_and_destroyed_data_are_worse(judge: PartsJudge) -> None:
    """In the number of pictures that the reader is sure of."""
    real, *destroyed = rows_of_data(judge)

    assert (real.name, real.score.pictures) == (REAL_DATA, 25)
    assert real.score.all_sure > 0.9
    assert [row.name for row in destroyed] == [*DESTRUCTIONS]
    by_name = {row.name: row.score.all_sure for row in destroyed}
    assert by_name["a quarter of the resolution"] < 0.5
    assert max(by_name.values()) < real.score.all_sure


def test_the_table_is_written_as_text_and_as_json(judge: PartsJudge, tmp_path: Path) -> None:
    """Both have a line or an entry for each row, and the reader's errors."""
    blank = PictureSet(np.zeros((30, 32, 32, 3), np.uint8), np.arange(30))
    rows = [*rows_of_data(judge), judge.row("blank", blank, 32, 4_000)]

    text = write_rows(tmp_path, judge, rows)

    assert (tmp_path / PARTS_TABLE).read_text() == f"{text}\n"
    assert "| class | 3 | " in text
    assert "| blank | 32 | 4,000 | " in text
    facts = json.loads((tmp_path / PARTS_FILE).read_text())
    assert [row["name"] for row in facts["rows"]] == [REAL_DATA, *DESTRUCTIONS, "blank"]
    assert facts["rows"][-1]["score"]["combinations"] <= 1
    assert facts["reader"]["held_out"] == 50
    assert facts["reader"]["parts"]["class"]["accuracy"] > 0.9
    assert facts["data_sha256"] == judge.prepared.digest
