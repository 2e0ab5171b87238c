"""What a run has written down, read for a page."""

import json
import shutil
from pathlib import Path

import pytest

from training.config.config import ConfigError
from training.quality.report import (
    GeneratedPictures,
    QualityReport,
    RealPictures,
    metric_entry,
    write_report,
)
from training.report.report_data import columns_of, report_data_of


def test_the_story_of_a_run_is_complete(finished: Path) -> None:
    """Where it stands, its levels, every number as long as the journal, and where it came from."""
    story = report_data_of(finished)

    assert (story["images_shown"], story["total_images"]) == (72, 72)
    assert [plan["resolution"] for plan in story["levels"]] == [4, 8]
    assert story["journal"]["images_shown"] == [16, 24, 32, 48, 64, 72]
    assert {"swd", "diversity", "distinctness", "generator"} <= set(story["journal"])
    assert {len(values) for values in story["journal"].values()} == {6}
    assert story["timing"]["images_shown"] == story["journal"]["images_shown"]
    assert story["data"]["name"] == "noise"
    assert story["quality"] is None


def test_what_is_missing_or_not_finite_is_none() -> None:
    """JSON has no word for infinity; an older line lacks numbers of a newer one."""
    columns = columns_of([{"r1": float("inf"), "alarms": []}, {"r1": 0.5, "swd": 3.0}])

    assert columns == {"r1": [None, 0.5], "swd": [None, 3.0]}


def test_alarms_are_told_with_their_moment(finished: Path, tmp_path: Path) -> None:
    """And are no number to plot."""
    run = shutil.copytree(finished, tmp_path / "run")
    alarm = {"kind": "divergence", "seen": "this", "advice": "that"}
    line = json.dumps({"images_shown": 72, "alarms": [alarm]})
    (run / "journal.jsonl").write_text(line + "\n")

    assert report_data_of(run)["alarms"] == [{"images_shown": 72, **alarm}]
    assert "alarms" not in report_data_of(run)["journal"]


def test_timing_of_the_future_is_left_out(finished: Path, tmp_path: Path) -> None:
    """The journal says where a run stands."""
    run = shutil.copytree(finished, tmp_path / "run")
    lines = (run / "journal.jsonl").read_text().splitlines(keepends=True)
    (run / "journal.jsonl").write_text("".join(lines[:2]))

    assert report_data_of(run)["timing"]["images_shown"] == [16, 24]


def test_measured_quality_is_told_if_it_can_be_read(finished: Path, tmp_path: Path) -> None:
    """With what is good; a damaged report is named."""
    run = shutil.copytree(finished, tmp_path / "run")
    path = run / "quality.json"
    generated, real = GeneratedPictures(12, 0), RealPictures("noise", 12, "", trained_on=True)
    metrics = {"swd": metric_entry(1.5, "so")}
    write_report(
        path,
        QualityReport(1, "tiny", 72, 8, 1.0, generated, real, 0, "2", "cpu", metrics, 1.0),
    )
    entry = {"value": 1.5, "how": "so", "direction": "lower is better"}
    assert report_data_of(run)["quality"] == {
        "images_shown": 72,
        "resolution": 8,
        "metrics": {"swd": entry},
    }

    path.write_text("{}")
    assert f"{path} is damaged: " in report_data_of(run)["quality"]["problem"]


def test_a_folder_that_is_no_run_says_what_to_do(tmp_path: Path) -> None:
    """A mistake of the user."""
    with pytest.raises(ConfigError, match="holds no run: .* train it first"):
        report_data_of(tmp_path)
