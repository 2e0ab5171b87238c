"""The report of an evaluation: its form, its table, and what a card takes from it."""

import json
from pathlib import Path

import pytest

from tests.training.conftest import FullDisk
from training.quality.report import (
    QualityReport,
    metric_entry,
    quality_for_card,
    table_of,
    write_report,
)


@pytest.fixture
def report() -> QualityReport:
    """Of two metrics."""
    return {
        "format_version": 1,
        "images_shown": 72_000,
        "resolution": 32,
        "generated": {"images": 16_384, "first_seed": 7},
        "data": {"name": "noise"},
        "seed": 0,
        "torch": "2",
        "wall_seconds": 61.5,
        "metrics": {
            "swd": metric_entry(12.3456789, "so", per_level={32: 1 / 3, 16: 24.0}, images=16_384),
            "neighbour_ratio": metric_entry(float("inf"), "thus"),
        },
    }


def test_a_metric_is_written_with_six_digits_and_never_as_no_number() -> None:
    """JSON has no infinity."""
    assert metric_entry(2 / 3, "so", over={16: 1 / 7}, images=12_345_678) == {
        "value": 0.666667,
        "over": {"16": 0.142857},
        "images": 12_345_678,
        "how": "so",
    }
    assert metric_entry(float("inf"), "so")["value"] is None


def test_a_report_is_read_into_a_card(report: QualityReport, tmp_path: Path) -> None:
    """The metrics with how they were measured, and the circumstances."""
    write_report(tmp_path / "quality.json", report)

    quality = quality_for_card(tmp_path, 72_000)

    assert quality["swd"]["per_level"] == {"32": 0.333333, "16": 24.0}
    assert list(quality) == ["swd", "neighbour_ratio", "measured"]
    assert quality["measured"]["generated"] == {"images": 16_384, "first_seed": 7}


def test_a_run_that_was_not_evaluated_has_no_quality(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said how to come by some."""
    assert quality_for_card(tmp_path, 72_000) == {}
    told = f"the card tells no quality: there is no {tmp_path / 'quality.json'}. `evaluate` writes"
    assert capsys.readouterr().err.startswith(told)


@pytest.mark.parametrize("text", ["no JSON", "[]", "{}", '{"format_version": 1}'])
def test_a_report_that_cannot_be_read_is_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """An export does not fail for it."""
    (tmp_path / "quality.json").write_text(text)

    assert quality_for_card(tmp_path, 72_000) == {}
    assert capsys.readouterr().err.startswith(f"left out: {tmp_path / 'quality.json'} (")


def test_a_full_disk_leaves_the_older_report(
    report: QualityReport, tmp_path: Path, full_disk: FullDisk
) -> None:
    """And nothing beside it."""
    path = tmp_path / "quality.json"
    write_report(path, report)
    before = path.read_bytes()

    with full_disk(100), pytest.raises(OSError, match="File too large"):
        write_report(path, {**report, "seed": 1})

    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["quality.json"]
    assert json.loads(before)["seed"] == 0


def test_the_table_is_for_people(report: QualityReport) -> None:
    """One line each, with what it was measured on."""
    assert table_of(report).splitlines() == [
        "32 px after 72,000 images: 16,384 drawn, 62 s",
        "swd                           12.3457  per level 32 0.333333, 16 24.0, images 16,384",
        "neighbour ratio                     -  ",
    ]
