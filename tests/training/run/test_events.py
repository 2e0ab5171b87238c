"""Event files for TensorBoard: their content, and that a resumed run writes nothing twice."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportUnknownParameterType=false
# The protocol buffers of tensorboardX make their classes when they are imported.

import struct
from pathlib import Path

import pytest
import torch
from rich.console import Console
from tensorboardX.proto.event_pb2 import Event, SessionLog

from tests.training.conftest import QUIET, FullDisk
from training.config.config import TrainingConfig
from training.data.stream import Prepared
from training.game.schedule import ScheduleState
from training.run.display import Display
from training.run.events import Events
from training.run.loop import train
from training.run_folder.journal import read_lines


class Killed(Exception):
    """What a display raises when it plays a process that is killed."""


class Killing(Display):
    """Ends the run after so many images, before anything more is saved."""

    def __init__(self, after: int) -> None:
        super().__init__(72, Console(file=QUIET.file))
        self.after = after

    def update(self, schedule: ScheduleState, images_shown: int, rate: float) -> None:
        """Called at each step."""
        if images_shown == self.after:
            raise Killed


def read_events(folder: Path) -> list[Event]:
    """Events of all files in order, after the rule of TensorBoard for sessions that start anew."""
    kept: list[Event] = []
    for path in sorted(folder.iterdir()):
        content, place = path.read_bytes(), 0
        while place < len(content):
            (length,) = struct.unpack_from("<Q", content, place)
            event = Event.FromString(content[place + 12 : place + 12 + length])
            place += 12 + length + 4
            if event.session_log.status == SessionLog.START:
                kept = [old for old in kept if old.step < event.step]
            if event.HasField("summary"):
                kept.append(event)
    return kept


def go(config: TrainingConfig, prepared: Prepared, run: Path, display: Display) -> None:
    """Train, or go on training, with event files."""
    with display, Events(run / "tensorboard") as events:
        train(config, prepared, run, torch.device("cpu"), display, events=events)


@pytest.fixture(scope="module")
def resumed(
    config: TrainingConfig, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run that was killed after a tick was told and its checkpoint lost, and then went on."""
    run = tmp_path_factory.mktemp("runs") / "resumed"
    torch.set_num_threads(1)
    with pytest.raises(Killed):
        go(config, prepared, run, Killing(60))
    newest = max((run / "checkpoints").glob("*.json"))
    assert newest.stem == "checkpoint-0000000048"
    newest.unlink()
    go(config, prepared, run, Display(config.total_images, QUIET))
    return run


def test_every_line_of_the_journal_is_an_event_once(resumed: Path) -> None:
    """All its numbers, at its images shown, also those that were told before the process died."""
    lines = read_lines(resumed / "journal.jsonl")

    events = read_events(resumed / "tensorboard")

    assert len(list((resumed / "tensorboard").iterdir())) == 2
    assert [event.step for event in events] == [line["images_shown"] for line in lines]
    for event, line in zip(events, lines, strict=True):
        told = {v.tag: v.simple_value for v in event.summary.value if v.tag != "samples"}
        assert told.pop("images_per_second") > 0
        numbers = {k: v for k, v in line.items() if isinstance(v, int | float)}
        del numbers["images_shown"]
        assert told == pytest.approx(numbers, rel=1e-6)


def test_the_first_session_told_what_the_second_tells_again(resumed: Path) -> None:
    """Else there would be nothing for a reader to drop."""
    first = min((resumed / "tensorboard").iterdir())

    assert b"score_real" in first.read_bytes()
    assert first.read_bytes().count(b"score_real") == 4  # at 16, 24, 32 and 48 images


def test_the_picture_grid_is_in_the_event(resumed: Path) -> None:
    """The very file of `samples/`, with its size."""
    event = read_events(resumed / "tensorboard")[-1]
    image = next(value.image for value in event.summary.value if value.tag == "samples")

    assert image.encoded_image_string == (resumed / "samples/000000072-0008px.png").read_bytes()
    assert (image.height, image.width, image.colorspace) == (6 * 64, 8 * 64, 3)


def test_an_event_is_on_the_disk_when_its_tick_is_over(resumed: Path, tmp_path: Path) -> None:
    """A process that is killed then has lost nothing: the file is read while it is open."""
    grid = resumed / "samples/000000072-0008px.png"
    with Events(tmp_path / "tensorboard") as events:
        events.begin(0)
        for shown in (16, 24):
            events.tick({"images_shown": shown, "swd": 1.5}, 8.0, grid)

            assert [event.step for event in read_events(tmp_path / "tensorboard")][-1] == shown


def test_a_full_disk_is_told(resumed: Path, tmp_path: Path, full_disk: FullDisk) -> None:
    """By the tick that could not be written."""
    grid = resumed / "samples/000000072-0008px.png"
    with Events(tmp_path / "tensorboard") as events:
        events.begin(0)

        with full_disk(100), pytest.raises(OSError, match="File too large"):
            events.tick({"images_shown": 16, "swd": 1.5}, 8.0, grid)
