"""The page of a training: its neighbours earned before they are searched, and never worth it."""

import shutil
from pathlib import Path

import pytest

from models.families.progan.generator import Generator
from models.growth import Growth
from training.config.config import TrainingConfig
from training.data.stream import Prepared
from training.report.nearest_neighbours import SHEET_FILE
from training.report.page import KEPT_FOLDER
from training.report.reporter import SHARE, Reporter


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A run without a page."""
    run = shutil.copytree(finished, tmp_path / "run")
    (run / "report.html").unlink()
    return run


def report(reporter: Reporter, config: TrainingConfig, trained: float, *, last: bool) -> None:
    """Ask for a page after so many seconds."""
    reporter.report(Generator(config.network), Growth(1), trained, last=last)


def test_a_page_is_always_written_and_its_neighbours_when_earned(
    run: Path, prepared: Prepared, config: TrainingConfig
) -> None:
    """A hundredth of the training pays for searching; at the end it is done in any case."""
    page, kept = run / "report.html", run / KEPT_FOLDER / SHEET_FILE
    reporter = Reporter(run, prepared, print)

    def came(trained: float, *, last: bool = False) -> list[bool]:
        page.unlink(missing_ok=True)
        kept.unlink(missing_ok=True)
        report(reporter, config, trained, last=last)
        return [page.exists(), kept.exists()]

    assert came(1.0) == [True, True]
    reporter._cost = 2.0
    assert came(1.0 + 2.0 / SHARE - 1.0) == [True, False]
    assert came(1.0 + 2.0 / SHARE + 1.0) == [True, True]
    reporter._cost = 1e9
    assert came(300.0) == [True, False]
    assert came(300.0, last=True) == [True, True]


def test_a_page_that_cannot_be_written_ends_nothing(
    run: Path, prepared: Prepared, config: TrainingConfig
) -> None:
    """It is said, with where it happened, and the training goes on."""
    said: list[str] = []
    (run / "journal.jsonl").unlink()
    (run / "journal.jsonl").mkdir()

    report(Reporter(run, prepared, said.append), config, 1.0, last=True)

    assert len(said) == 2
    assert "report.html could not be written (" in said[0]
    assert said[0].endswith("training goes on")
    assert said[1].startswith("Traceback")
