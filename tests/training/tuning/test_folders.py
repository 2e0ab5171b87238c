"""Names of trials, and the wait for a process of an earlier session."""

import threading
from collections.abc import Callable
from pathlib import Path

from training.run_folder.lock import run_lock
from training.tuning.folders import (
    best_trial,
    is_searched,
    number_of_trial,
    repeat_name,
    trial_name,
    wait_for_lock,
)
from training.tuning.outcome import TrialOutcome


def test_the_best_trial_is_finished_and_no_repeat(
    make_outcome: Callable[..., TrialOutcome],
) -> None:
    """The lowest score of all; none without a finished trial."""
    outcomes = {
        trial_name(0): make_outcome(3.0),
        trial_name(1): make_outcome(2.0),
        trial_name(2): make_outcome(1.0, state="pruned"),
        repeat_name(trial_name(1), 1): make_outcome(0.5),
    }

    assert best_trial(outcomes) == "trial-0001"
    assert best_trial({}) is None
    assert [is_searched(name) for name in outcomes] == [True, True, True, False]
    assert number_of_trial(trial_name(12)) == 12


def test_a_trial_waits_for_the_process_of_an_earlier_session(tmp_path: Path) -> None:
    """And says so; it begins when that one has left."""
    said: list[str] = []
    leaving = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        leaving.set()

    with run_lock(tmp_path / "trial-0001"):
        waiting = threading.Thread(target=wait_for_lock, args=(tmp_path / "trial-0001", say))
        waiting.start()
        assert leaving.wait(60)
    waiting.join(60)

    assert not waiting.is_alive()
    assert said == ["waiting for a process of an earlier session to leave trial-0001"]
