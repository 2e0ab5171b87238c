"""Training speed: steps in turns, so that a busy moment of the machine affects all equally.

Owns the rounds, our contenders and the ratios. Of the peer it knows only its step function.
"""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import torch

from models.pixels import from_pixels
from training.config.config import TrainingConfig
from training.data.prefetch import BatchReader
from training.data.stream import ImageStream, Prepared
from training.device import set_matrix_precision
from training.device_copies import is_asynchronous
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.game.step import begin_step
from training.game.step_numbers import StepNumbers

WARM_UP = 2  # steps
CPU = torch.device("cpu")

Step = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One contender: images per second, and its ratio to the first contender."""

    name: str
    best: float
    median: float
    speedup: float
    median_speedup: float


def our_step(config: TrainingConfig, prepared: Prepared, device: torch.device = CPU) -> Step:
    """Return one real step, including the reading of pictures; each call advances the run.

    As in a run, on CUDA the next batch is read ahead, and the numbers of a step are read during the
    next one.
    """
    state = TrainingState.create(config, device)
    stream = ImageStream(prepared, config.seed, config.augmentation.mirror)
    reader = BatchReader(stream, ahead=is_asynchronous(device))
    unread: deque[StepNumbers] = deque()
    size = config.levels[-1].batch_size
    shown = count(step=size)

    def step() -> None:
        place = next(shown)
        schedule = schedule_at(place, config)
        set_matrix_precision(config.precision)
        pixels, _ = reader.read(schedule.growth.resolution, place, size)
        unread.append(begin_step(state, schedule, config, pixels))
        if len(unread) > is_asynchronous(device):
            unread.popleft().read()

    return step


def their_step(
    step: Callable[[torch.Tensor], object],
    prepared: Prepared,
    resolution: int,
    batch_size: int,
    device: torch.device = CPU,
) -> Step:
    """Return one step of the peer on the same pictures, as its own loader gives them: floats, NCHW.

    The pictures are prepared in advance: the time of its loader is not counted.
    """
    stream = ImageStream(prepared, seed=0)
    pixels = torch.from_numpy(stream.batch(resolution, 0, 8 * batch_size))
    floats = from_pixels(pixels).contiguous().to(device)
    batches: tuple[torch.Tensor, ...] = torch.split(floats, batch_size)
    places = count()
    return lambda: step(batches[next(places) % len(batches)])


def race(
    steps: Mapping[str, Step],
    rounds: int,
    steps_each: int,
    batch: int,
    settle: Callable[[], None] = lambda: None,
) -> list[Row]:
    """Run every contender in turns; the first one is the reference of the others.

    Args:
        steps: by name.
        rounds: number of turns.
        steps_each: of a contender in a round.
        batch: images in a step.
        settle: waits until the device has done all that was asked of it.
    """
    for step in steps.values():
        for _ in range(WARM_UP):
            step()
    speeds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            settle()
            began = time.perf_counter()
            for _ in range(steps_each):
                step()
            settle()
            speeds[name].append(steps_each * batch / (time.perf_counter() - began))
    return rows_of(speeds)


def rows_of(speeds: Mapping[str, Sequence[float]]) -> list[Row]:
    """Convert images per second to ratios of the best rounds, and medians of ratios in a round."""
    usual = next(iter(speeds.values()))
    return [
        Row(
            name=name,
            best=round(max(found), 2),
            median=round(statistics.median(found), 2),
            speedup=round(max(found) / max(usual), 2),
            median_speedup=round(
                statistics.median(a / b for a, b in zip(found, usual, strict=True)), 2
            ),
        )
        for name, found in speeds.items()
    ]
