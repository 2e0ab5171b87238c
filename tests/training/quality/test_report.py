"""The report of an evaluation: its form, its table, and what a card takes from it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.conftest import FullDisk
from training.quality.report import (
    METRIC_DIRECTIONS,
    GeneratedPictures,
    QualityError,
    QualityReport,
    RealPictures,
    direction_of,
    metric_entry,
    missing_quality,
    quality_for_card,
    read_report,
    table_of,
    write_report,
)


@pytest.fixture
def report() -> QualityReport:
    """Of two metrics."""
    return QualityReport(
        format_version=1,
        preset="tiny",
        images_shown=72_000,
        resolution=32,
        alpha=1.0,
        generated=GeneratedPictures(16_384, 7),
        data=RealPictures("noise", 400, "abc", trained_on=True),
        seed=0,
        torch="2",
        device="cpu",
        metrics={
            "swd": metric_entry(12.3456789, "so", per_level={32: 1 / 3, 16: 24.0}, images=16_384),
            "neighbour_ratio": metric_entry(float("inf"), "thus"),
        },
        wall_seconds=61.5,
    )


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


@pytest.mark.parametrize("text", ["no JSON", "[]", "{}", '{"format_version": 1}', ""])
def test_a_report_that_cannot_be_read_is_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """An export does not fail for it."""
    path = tmp_path / "quality.json"
    path.write_text(text)

    assert quality_for_card(tmp_path, 72_000) == {}
    reason = f"the card tells no quality: {path} is damaged: "
    assert capsys.readouterr().err.startswith(reason)
    assert missing_quality(tmp_path, 72_000).startswith(reason)


def test_the_quality_of_another_checkpoint_is_left_out(
    report: QualityReport, tmp_path: Path
) -> None:
    """Both are named."""
    write_report(tmp_path / "quality.json", report)

    assert missing_quality(tmp_path, 72_000) == ""
    assert "is of 72,000 images shown, the bundle of 9. `evaluate`" in missing_quality(tmp_path, 9)


def test_what_was_written_is_read_again(report: QualityReport, tmp_path: Path) -> None:
    """With whole numbers whole."""
    write_report(tmp_path / "quality.json", report)

    assert read_report(tmp_path / "quality.json") == report


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (["images_shown"], "many", "images_shown: Input should be a valid integer"),
        (["images_shown"], 72.5, "images_shown: Input should be a valid integer"),
        (["resolution"], True, "resolution: Input should be a valid integer"),
        (["format_version"], 2, "format_version: Input should be 1"),
        (["data", "trained_on"], "yes", "data.trained_on: Input should be a valid boolean"),
        (["data", "colour"], "red", "data.colour: Unexpected keyword argument"),
        (["wall_seconds"], float("nan"), "wall_seconds: Input should be a finite number"),
        (["colour"], "red", "colour: Unexpected keyword argument"),
        (["metrics"], [], "metrics: Input should be an object"),
        (["metrics", "swd"], 3.5, "metrics.swd: Input should be an object"),
        (["metrics", "swd", "value"], "low", "metrics.swd: Value error, a metric needs a number"),
        (["metrics", "swd", "how"], 1, "metrics.swd: Value error, a metric needs a text: how"),
    ],
)
def test_a_report_of_other_types_is_refused(
    report: QualityReport, tmp_path: Path, place: list[str], value: object, said: str
) -> None:
    """With the place in it that is wrong."""
    path = tmp_path / "quality.json"
    write_report(path, report)
    values = json.loads(path.read_text())
    inner = values
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    path.write_text(json.dumps(values))

    with pytest.raises(QualityError) as refused:
        read_report(path)
    assert f"{path} is damaged: {said}" in str(refused.value)


def test_a_full_disk_leaves_the_older_report(
    report: QualityReport, tmp_path: Path, full_disk: FullDisk
) -> None:
    """And nothing beside it."""
    path = tmp_path / "quality.json"
    write_report(path, report)
    before = path.read_bytes()

    with full_disk(100), pytest.raises(OSError, match="File too large"):
        write_report(path, replace(report, seed=1))

    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["quality.json"]
    assert json.loads(before)["seed"] == 0


def test_the_table_is_for_people(report: QualityReport) -> None:
    """One line each, with what it was measured on."""
    assert table_of(report).splitlines() == [
        "32 px after 72,000 images: 16,384 drawn, 62 s",
        (
            "swd                           12.3457  lower is better; "
            "per level 32 0.333333, 16 24.0, images 16,384"
        ),
        "neighbour ratio                     -  good near 1 and above; near 0: copies",
    ]


def test_the_quality_of_a_translation_says_what_is_good(report: QualityReport) -> None:
    """For each domain, whatever its name."""
    entry = metric_entry(1.5, "how", untranslated=2.0)
    table = table_of(replace(report, metrics={"kid_to_two words": entry}))

    assert "1.5  lower is better; should be below untranslated; untranslated" in table
    assert direction_of("kid") == METRIC_DIRECTIONS["kid"]
    assert direction_of("unheard_of") == ""


def test_every_metric_of_an_evaluation_says_what_is_good() -> None:
    """The names that `evaluate`, the reader of parts and FID write."""
    names = "swd ms_ssim kid fd_efficientnet_lite0 precision recall neighbour_ratio fid"

    parts = "parts_sure parts_distance parts_combinations parts_kid parts_recall"

    assert set(METRIC_DIRECTIONS) == {*names.split(), *parts.split()}
