"""Shares of the time of a run: pictures, networks, and everything else.

Owns a stopwatch that wraps functions of a real run. Does not change their behaviour.
"""

from __future__ import annotations

import functools
import io
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from rich.console import Console
from torch.optim import Adam

import training.game.context
import training.game.step
import training.run.recorder
from models.families.progan.discriminator import Discriminator
from models.families.progan.generator import Generator as GeneratorNetwork
from training.config.config import TrainingConfig
from training.data.stream import ImageStream, Prepared
from training.game.step_numbers import StepNumbers
from training.run.display import Display
from training.run.loop import train
from training.run.monitor import RunMonitor
from training.run_folder.journal import Averages

DATA = "pictures read"
NETWORKS = ("generator forward", "discriminator forward", "slope for the penalty", "backward")
REST = "between them"

# Timed functions, by the name of their share.
TIMED: dict[str, tuple[tuple[object, str], ...]] = {
    DATA: ((ImageStream, "batch"), (ImageStream, "labels"), (training.game.step, "from_pixels")),
    NETWORKS[0]: ((GeneratorNetwork, "forward"),),
    NETWORKS[1]: ((Discriminator, "forward"),),
    NETWORKS[2]: ((torch.autograd, "grad"),),
    NETWORKS[3]: ((torch.Tensor, "backward"),),
    "optimiser": ((Adam, "step"),),
    "check for infinities": ((torch.nn.utils, "get_total_norm"),),
    "average": ((training.game.step, "update_average"),),
    "latents and weights of penalties": (
        (training.game.context, "normal"),
        (training.game.step, "penalty_at"),
    ),
    "numbers to log": (
        (StepNumbers, "read"),
        (Averages, "add"),
        (Display, "update"),
    ),
    "quality of a tick": ((RunMonitor, "measure"),),
    "journal and grid of a tick": (
        (training.run.recorder, "append_line"),
        (RunMonitor, "write_samples"),
        (RunMonitor, "observe"),
    ),
    "checkpoint of a tick": ((training.run.recorder, "save_checkpoint"),),
    "page of the run": ((RunMonitor, "report"),),
}


@dataclass
class Stopwatch:
    """Seconds by name; a timed call inside another one counts only for the outer name."""

    seconds: dict[str, float] = field(default_factory=dict[str, float])
    _running: bool = False

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the same function, timed."""

        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any function
            if self._running:
                return function(*arguments, **named)
            self._running, began = True, time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                taken = time.perf_counter() - began
                self.seconds[name] = self.seconds.get(name, 0.0) + taken
                self._running = False

        return timed


@contextmanager
def timing() -> Generator[Stopwatch]:
    """Time all of `TIMED` inside the context; restore the functions afterwards."""
    stopwatch = Stopwatch()
    with ExitStack() as patches:
        for name, places in TIMED.items():
            for owner, attribute in places:
                timed = stopwatch.around(name, getattr(owner, attribute))
                patches.enter_context(patch.object(owner, attribute, timed))
        yield stopwatch


def shares_of_a_run(config: TrainingConfig, prepared: Prepared, run: Path) -> dict[str, float]:
    """Train a real run in the new folder `run`; return the share of the wall time of each part."""
    quiet = Console(file=io.StringIO())
    with timing() as stopwatch, Display(config.total_images, quiet) as display:
        began = time.perf_counter()
        train(config, prepared, run, torch.device("cpu"), display)
        whole = time.perf_counter() - began
    return shares(stopwatch.seconds, whole)


def shares(seconds: dict[str, float], whole: float) -> dict[str, float]:
    """Convert seconds of each part, and of all, to shares from 0 to 1, including the remainder."""
    known = {name: seconds.get(name, 0.0) for name in TIMED}
    known[REST] = whole - sum(known.values())
    return {name: round(taken / whole, 4) for name, taken in known.items()}


def outside(found: dict[str, float]) -> float:
    """Return the share of everything but the two networks, pictures included."""
    return round(1.0 - sum(found[name] for name in NETWORKS), 4)
