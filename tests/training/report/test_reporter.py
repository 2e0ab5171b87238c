"""The page of a training: earned before it is written, and never worth the training."""

import shutil
from pathlib import Path

import pytest

from models.generator import Generator
from models.growth import Growth
from training.config import TrainingConfig
from training.data import Prepared
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


def test_a_page_waits_until_the_one_before_is_earned(
    run: Path, prepared: Prepared, config: TrainingConfig
) -> None:
    """A hundredth of the training pays for pages; the last one is always written."""
    page = run / "report.html"
    reporter = Reporter(run, prepared, print)
    report(reporter, config, 1.0, last=False)
    assert page.exists()
    page.unlink()

    reporter._cost = 2.0
    report(reporter, config, 1.0 + 2.0 / SHARE - 1.0, last=False)
    assert not page.exists()
    report(reporter, config, 1.0 + 2.0 / SHARE + 1.0, last=False)
    assert page.exists()
    page.unlink()

    reporter._cost = 1e9
    report(reporter, config, 300.0, last=True)
    assert page.exists()


def test_a_page_that_cannot_be_written_ends_nothing(
    run: Path, prepared: Prepared, config: TrainingConfig
) -> None:
    """It is said, and the training goes on."""
    said: list[str] = []
    (run / "journal.jsonl").unlink()
    (run / "journal.jsonl").mkdir()

    report(Reporter(run, prepared, said.append), config, 1.0, last=True)

    assert len(said) == 1
    assert "report.html could not be written (" in said[0]
    assert said[0].endswith("training goes on")
