"""The trial of exact resume sees what it should see."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

import pytest

from bench.kills import Run, differing, options_of
from bench.learning.noise import write_noise
from tests.fork_server import PATIENCE_S, ForkedProcess, fork

SMALL = (
    *("network.latent_size=8", "network.fmap_base=32", "network.fmap_max=8"),
    *("levels.*.batch_size=4", "levels.*.stable_images=32", "tick_images=32"),
    *("levels.8.fade_images=32", "levels.16.fade_images=32"),
)


class ForkedTraining:
    """What `Run` needs of a process, of one that is forked."""

    def __init__(self, process: ForkedProcess, stdout: TextIO) -> None:
        self._process = process
        self.stdout = stdout
        self.wait, self.kill = process.wait, process.kill

    @property
    def returncode(self) -> int | None:
        """Exit code, or the negative number of the signal; None while it runs."""
        return self._process.poll()

    def communicate(self) -> tuple[str, None]:
        """Everything that it says from now on, until it has ended."""
        with self.stdout:
            said = self.stdout.read()
        self.wait(PATIENCE_S)
        return said, None


class ForkedRun(Run):
    """A run whose processes are forked."""

    def start(self) -> ForkedTraining:  # pyright: ignore[reportIncompatibleMethodOverride] - all that `Run` needs
        """Fork the process, with its output in a pipe."""
        assert self._command[:2] == [sys.executable, "-m"]
        module, *words = self._command[2:]
        reading, writing = os.pipe()
        process = fork(module, *words, environment=dict(os.environ), output=writing)
        os.close(writing)
        return ForkedTraining(process, os.fdopen(reading, encoding="utf-8"))


def test_a_file_that_differs_or_is_missing_is_named() -> None:
    """On either side."""
    one = {"same": b"1", "changed": b"2", "only here": b"3"}
    other = {"same": b"1", "changed": b"x", "only there": b"4"}

    assert ["changed", "only here", "only there"] == differing(one, other)
    assert [] == differing(one, dict(one))


@pytest.mark.slow
def test_a_run_is_killed_goes_on_and_ends(tmp_path: Path) -> None:
    """A life that outlasts the run is no kill; what lasts is there at the end."""
    write_noise(tmp_path / "data", 16, 8)
    options = options_of([word for setting in SMALL for word in ("--set", setting)])
    run = ForkedRun(options, tmp_path / "data", tmp_path / "run")

    death = run.kill_after(0.0)
    assert death is not None
    assert death.lived_s == 0.0
    assert run.kill_after(PATIENCE_S) is None

    with pytest.raises(SystemExit, match="fewer than the largest batch"):
        ForkedRun(options_of(["--set", "seed=5"]), tmp_path / "data", tmp_path / "run").kill_after(
            60.0
        )
    assert {"config.json", "data.json", "journal.jsonl"} < run.lasting().keys()
    assert any(name.endswith(".safetensors") for name in run.lasting())
