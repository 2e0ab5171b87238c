"""The end of a trial, from its files and the exit code of its process."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.training.tuning.conftest import measured
from training.run_folder.checkpoint import CHECKPOINTS
from training.run_folder.journal import append_line
from training.tuning.ending import ending_of, last_line, read_outcome, remove_checkpoints
from training.tuning.outcome import (
    TRIAL_SETTINGS_FILE,
    TrialOutcome,
    TrialSettings,
    TuningRequest,
    write_values,
)
from training.tuning.processes import LOG_FILE, WorkerEvent
from training.tuning.watch import PROCESSOR_FILE, SCORES_FILE
from training.tuning.worker import DIVERGED, NO_DISK


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    """A trial after 5 of 10 seconds, measured once."""
    folder = tmp_path / "trial-0001"
    settings = TrialSettings({"penalty_share": "0.5"}, 7, prunable=True)
    write_values(folder / TRIAL_SETTINGS_FILE, settings)
    append_line(folder / PROCESSOR_FILE, {"images_shown": 96, "processor_seconds": 5.0})
    append_line(folder / SCORES_FILE, asdict(measured(3.0, 50)))
    (folder / LOG_FILE).write_text("first\nthe reason\n\n")
    return folder


def test_the_state_follows_from_code_and_files(trial: Path, request_: TuningRequest) -> None:
    """A trial whose time is not over was stopped by somebody, if not by the search."""

    def state(code: int, *, pruned: bool = False) -> tuple[str, str]:
        return ending_of(WorkerEvent(trial, code=code), request_, pruned=pruned)

    assert state(0, pruned=True) == ("pruned", "")
    assert state(0)[0] == "stopped"
    assert state(DIVERGED) == ("diverged", "the reason")
    assert state(-9) == ("failed", "ended by signal 9: the reason")
    assert state(1) == ("failed", "ended with code 1: the reason")
    append_line(trial / PROCESSOR_FILE, {"images_shown": 100, "processor_seconds": 10.5})
    assert state(0)[1].startswith("its time ended before 8 px was stable: more --trial-minutes")
    append_line(trial / SCORES_FILE, asdict(measured(2.0, 100)))
    assert state(0) == ("finished", "")


def test_a_full_disk_ends_the_search(trial: Path, request_: TuningRequest) -> None:
    """No trial could go on."""
    with pytest.raises(OSError, match="trial-0001: the reason"):
        ending_of(WorkerEvent(trial, code=NO_DISK), request_, pruned=False)


def test_the_outcome_is_read_from_the_folder(trial: Path) -> None:
    """With the images of the last record."""
    found = read_outcome(trial, "pruned", "")

    assert (found.images_shown, found.processor_seconds, found.seed) == (96, 5.0, 7)
    assert found.settings == {"penalty_share": "0.5"}
    assert [each.score for each in found.measurements] == [3.0]
    assert last_line(trial / "missing.log") == ""


def test_only_the_best_trial_keeps_its_checkpoints(
    tmp_path: Path, make_outcome: Callable[..., TrialOutcome]
) -> None:
    """Running trials keep theirs, too."""
    names = ["trial-0000", "trial-0001", "trial-0002", "trial-0003"]
    for name in names:
        (tmp_path / name / CHECKPOINTS).mkdir(parents=True)
    ended = {name: make_outcome(float(n)) for n, name in enumerate(names[:3], 1)}

    remove_checkpoints(tmp_path, ended)

    left = [name for name in names if (tmp_path / name / CHECKPOINTS).exists()]
    assert left == ["trial-0000", "trial-0003"]
