"""`families`: a table whose numbers are counted, and the one in the documentation."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from models.families.table import FAMILIES
from tests.training.conftest import Run
from training.commands.families import PUBLISHED, kid_text, published_text
from training.config.presets import PRESETS
from training.quality.report import (
    GeneratedPictures,
    QualityReport,
    RealPictures,
    metric_entry,
    write_report,
)

ROOT = Path(__file__).parents[3]


def cells(line: str) -> list[str]:
    """The cells of a row."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_each_preset_has_its_row(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """All families, as counted by the tests of each, and nothing measured that was not."""
    assert run("families") == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {row[1].strip("`"): row for row in map(cells, lines[2:])}

    assert set(rows) == set(PRESETS)
    assert {row[0].strip("`") for row in rows.values()} == set(FAMILIES)
    assert rows["stylegan-paper"][3:6] == ["30,370,060", "29,012,513", "the same"]
    assert rows["stargan-paper"][2:6] == [
        "128 px, colour, 5 domains",
        *("8,430,528", "44,762,048", "the same"),
    ]
    assert rows["paper-celebahq-1024"][5] == "the same, to 100,000"
    assert rows["cyclegan-64"][6] == "`source`, `to`"
    assert rows["dcgan-32"][6] == "`seed`; with classes `label`"
    assert {row[7] for row in rows.values()} == {"not measured"}


def test_all_published_counts_are_reached(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """A row with another number would show both."""
    run("families")
    rows = [cells(line) for line in capsys.readouterr().out.splitlines()[2:]]

    assert {row[1].strip("`") for row in rows if row[5].startswith("the same")} == set(PUBLISHED)
    assert published_text("dcgan-64", 3_576_704, 1) == "3,576,704 and 2,765,568"
    assert published_text("tiny", 1, 1) == "-"


def test_measured_networks_stand_below_the_presets_of_their_family(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a bundle, its weights with all exits, and the KID of its card."""
    assert run("families", "--bundle", str(ROOT / "models/pretrained/fashion-32")) == 0
    lines = [cells(line) for line in capsys.readouterr().out.splitlines()]
    (place,) = (n for n, line in enumerate(lines) if line[1] == "the bundle `fashion-32`")
    row = lines[place]

    assert row[3:6] == ["1,661,668", "-", "-"]
    assert row[7].startswith("0.065 (2,000 pictures) after 80,000 images of Fashion-MNIST")
    assert (lines[place - 1][0], lines[place + 1][0]) == ("`progan`", "`dcgan`")


def test_a_run_has_the_counts_of_its_own_settings(
    finished: Path, tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be narrower than its preset; one that was not measured is refused."""
    folder = tmp_path / "run"
    folder.mkdir()
    assert run("families", "--run", str(folder)) == 2
    assert "holds no run: there is no config.json" in capsys.readouterr().err
    shutil.copy(finished / "config.json", folder)
    assert run("families", "--run", str(folder)) == 2
    assert "has no quality.json: `evaluate` writes it" in capsys.readouterr().err
    kid = metric_entry(0.125, "so", images=50)
    noise = RealPictures("noise", 400, "abc", trained_on=True)
    drawn = GeneratedPictures(50, 7)
    report = QualityReport(1, "tiny", 64, 8, 1.0, drawn, noise, 0, "2", "cpu", {"kid": kid}, 1.0)
    write_report(folder / "quality.json", report)
    assert run("families", "--run", str(folder)) == 0
    lines = capsys.readouterr().out.splitlines()
    (row,) = (cells(line) for line in lines if "a run of" in line)
    weights = json.loads((finished / "config.json").read_text())["network"]

    assert (row[1], row[5]) == ("a run of `tiny`", "-")
    assert row[2].startswith(f"{weights['resolution']} px")
    assert row[7] == "0.125 (50 pictures) after 64 images of noise"


def test_the_kid_of_a_translation_stands_beside_that_of_none() -> None:
    """For each domain."""
    metrics = {
        "kid": {"value": 9.0, "images": 8},
        "kid_to_dark": {"value": 0.5, "untranslated": 0.75},
        "kid_to_light": {"value": 1.0, "untranslated": 0.25},
    }
    told = kid_text(metrics, 12_000, "noise")

    assert told == (
        "to dark 0.500 (untranslated 0.750), to light 1.000 (untranslated 0.250) after 12,000 "
        "images of noise"
    )
    assert kid_text({}, 3, "noise") == "not measured"


def test_the_table_in_the_documentation_is_the_one_that_is_printed(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows of presets and shipped bundles; those of other runs are not here to be read again."""
    bundles = [str(ROOT / "models/pretrained" / name) for name in ("fashion-32", "personas-256")]
    run("families", "--bundle", bundles[0], "--bundle", bundles[1])
    printed = capsys.readouterr().out.strip().splitlines()
    documented = (ROOT / "docs/families.md").read_text(encoding="utf-8").splitlines()

    assert [line for line in documented if line in printed] == printed
