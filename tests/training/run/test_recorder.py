"""What is written down once in a while, and in which order."""

import io
from pathlib import Path

import pytest
import torch
from rich.console import Console

from training.config.config import TrainingConfig
from training.data.stream import Prepared
from training.game.schedule import ScheduleState, schedule_at
from training.game.state import TrainingState
from training.run.display import Display
from training.run.monitor import RunMonitor
from training.run.recorder import Recorder, line_of
from training.run_folder.checkpoint import Progress
from training.run_folder.journal import read_lines


class Looking(Display):
    """A display that looks which files there are when it is told of a tick."""

    def __init__(self, run: Path) -> None:
        super().__init__(72, Console(file=io.StringIO()))
        self.run = run
        self.found: list[str] = []

    def tick(
        self, schedule: ScheduleState, images_shown: int, rate: float, numbers: dict[str, float]
    ) -> None:
        """Everything that is there."""
        super().tick(schedule, images_shown, rate, numbers)
        self.found = sorted(path.name for path in self.run.rglob("*.*"))


@pytest.fixture
def recorder(tmp_path: Path, config: TrainingConfig, prepared: Prepared) -> Recorder:
    """Of new players, in a folder of their own."""
    run = tmp_path / "run"
    (run / "samples").mkdir(parents=True)
    state, display = TrainingState.create(config, torch.device("cpu")), Looking(run)
    return Recorder(run, state, RunMonitor(run, config, prepared, display.say), display)


def test_a_tick_is_told_when_it_is_drawn_and_before_it_is_kept(
    recorder: Recorder, config: TrainingConfig
) -> None:
    """Who listens may measure the checkpoint of the tick before: it is still there."""
    schedule = schedule_at(12, config)
    progress = Progress(16, schedule.phase, seconds=2.04)

    recorder.tick(schedule, progress, {"score_real": 0.5}, 8.0)
    recorder.keep(schedule, progress, last=False)

    display = recorder.display
    assert isinstance(display, Looking)
    assert display.found == ["000000016-0004px.png", "journal.jsonl", "timing.jsonl"]
    (line,) = read_lines(recorder.run / "journal.jsonl")
    assert line["score_real"] == 0.5
    assert {"swd", "diversity", "distinctness"} <= set(line)
    (timing,) = read_lines(recorder.run / "timing.jsonl")
    assert timing == {"images_shown": 16, "seconds": 2.0, "images_per_second": 8.0}
    assert (recorder.run / "checkpoints" / "checkpoint-0000000016.json").exists()


def test_a_line_begins_with_where_the_run_stood(config: TrainingConfig) -> None:
    """Numbers of the networks come after it."""
    line = line_of(schedule_at(36, config), 40, {"score_fake": -1.0})

    assert list(line.items()) == [
        ("images_shown", 40),
        ("resolution", 8),
        ("alpha", 0.5),
        ("batch_size", 4),
        ("learning_rate", 0.002),
        ("discriminator_rate", 0.002),
        ("score_fake", -1.0),
    ]
