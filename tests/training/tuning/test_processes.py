"""Processes of trials, with a real one that cannot read its trial."""

from pathlib import Path

from training.tuning.ending import last_line
from training.tuning.processes import LOG_FILE, TrialProcesses, WorkerEvent


def test_a_process_that_fails_is_reported_with_its_code_and_log(tmp_path: Path) -> None:
    """Its log has the reason."""
    broken = tmp_path / "trial-0000"
    events: list[WorkerEvent] = []
    broken.mkdir()

    with TrialProcesses(tmp_path / "no-data") as processes:
        processes.start(broken)
        assert len(processes) == 1
        while not events:
            events += processes.events()

    assert events == [WorkerEvent(broken, code=1)]
    assert "DataError" in last_line(broken / LOG_FILE)
    assert len(processes) == 0
