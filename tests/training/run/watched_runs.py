"""Runs that a test watches, stops and goes on with."""

import io
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from rich.console import Console

from training.config.config import TrainingConfig
from training.data.stream import Prepared
from training.game import games, optimise
from training.game.schedule import ScheduleState
from training.run import loop
from training.run.display import Display
from training.run.loop import train

CPU = torch.device("cpu")

TICKS = [16, 24, 32, 48, 64, 72]  # every 16 images, and where a phase ends


class Interrupted(Exception):
    """What a display raises when it plays a process that is killed."""


class Watching(Display):
    """A display that keeps what is said, and does something after so many images."""

    def __init__(self, after: int = -1, act: Callable[[], None] | None = None) -> None:
        self.file = io.StringIO()
        super().__init__(72, Console(file=self.file, soft_wrap=True))
        self.after = after
        self.act = act

    def update(self, schedule: ScheduleState, images_shown: int, rate: float) -> None:
        """Act in the middle of a run."""
        super().update(schedule, images_shown, rate)
        if images_shown == self.after and self.act:
            self.act()


def interrupt() -> None:
    """Nothing is saved any more."""
    raise Interrupted


def terminate() -> None:
    """The signal that a machine sends before it goes down."""
    os.kill(os.getpid(), signal.SIGTERM)


def go(
    config: TrainingConfig, prepared: Prepared, run: Path, display: Watching | None = None
) -> str:
    """Train, or go on training; what was said."""
    display = display or Watching()
    train(config, prepared, run, CPU, display)
    return display.file.getvalue()


def go_on_after_kills(config: TrainingConfig, prepared: Prepared, run: Path, *stops: int) -> None:
    """A run that is killed after so many images, again and again, and comes to its end at last."""
    for stop in stops:
        with pytest.raises(Interrupted):
            go(config, prepared, run, Watching(stop, interrupt))
    go(config, prepared, run)


def lasting(run: Path) -> dict[str, bytes]:
    """The bytes of everything that must not depend on interruptions; records without the time."""
    paths = [run / "config.json", run / "data.json", run / "journal.jsonl"]
    paths += sorted((run / "samples").iterdir())
    newest = max((run / "checkpoints").glob("*.json"))
    record = json.loads(newest.read_text())
    del record["seconds"], record["seal"]  # the seal covers the time, too
    kept = {path.name: path.read_bytes() for path in (*paths, newest.with_suffix(".safetensors"))}
    return kept | {newest.name: json.dumps(record).encode()}


def launch_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train on the CPU as on a device that computes meanwhile: nothing is awaited in a step."""
    monkeypatch.setattr(loop, "is_asynchronous", lambda _: True)
    monkeypatch.setattr(games, "is_asynchronous", lambda _: True)
    monkeypatch.setattr(optimise, "can_skip_steps", lambda _: True)
