"""`report`: a page by hand."""

import argparse
import re
import shutil
from pathlib import Path

import pytest

from training.commands import report


def parsed(*words: str) -> argparse.Namespace:
    """The options, as the command line gives them."""
    parser = argparse.ArgumentParser()
    report.add_arguments(parser)
    return parser.parse_args(words)


def undated(page: str) -> str:
    """A page without the minute it was written in."""
    return re.sub(r'"written": "[^"]*"', "", page)


def test_a_page_goes_into_the_run_unless_told(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the small grids beside it, for the next one."""
    run = shutil.copytree(finished, tmp_path / "run")
    shutil.rmtree(run / "report")
    (run / "report.html").unlink()

    assert report.run(parsed("--run", str(run))) == 0
    assert capsys.readouterr().out.startswith(f"written: {run / 'report.html'}, 0.")
    assert len([*(run / "report").glob("*.webp")]) == 6


def test_a_run_with_classes_has_its_page(finished_with_classes: Path, tmp_path: Path) -> None:
    """Written while it trained, and the same by hand, with every grid and the neighbours."""
    page = (finished_with_classes / "report.html").read_text()

    assert (
        report.run(parsed("--run", str(finished_with_classes), "--out", str(tmp_path / "a"))) == 0
    )
    assert undated((tmp_path / "a").read_text()) == undated(page)
    assert page.count("data:image/webp;base64,") == len(
        [*(finished_with_classes / "report").glob("*.webp")]
    )


def test_a_page_elsewhere_leaves_the_run_as_it_is(finished: Path, tmp_path: Path) -> None:
    """It may be training, or somebody else's."""
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*")}

    assert report.run(parsed("--run", str(finished), "--out", str(tmp_path / "a.html"))) == 0
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")
    assert {path: path.stat().st_mtime_ns for path in finished.rglob("*")} == before
