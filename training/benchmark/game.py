"""One trial of the benchmark: two networks, one objective, one seed, from nothing to a score.

Owns the course of a trial, which can be stopped at any moment and goes on byte for byte. Who plays
is in `pair.py`; the generator that is measured is the averaged one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from torch import nn

from training.benchmark.digits import StackedDigits
from training.benchmark.pair import Game
from training.benchmark.trial import Trial
from training.run.checkpoint import Progress, load_newest, save_checkpoint

CHECKPOINT_IMAGES = 128_000


def train_trial(
    trial: Trial, stacks: StackedDigits, folder: Path, tell: Callable[[int, float, str], None]
) -> tuple[nn.Module, Progress]:
    """Train one trial to its end, or go on where it stopped.

    Args:
        trial: what to train.
        stacks: the real pictures.
        folder: holds its checkpoints.
        tell: is told images shown, images per second and the losses, at each checkpoint.

    Returns:
        The averaged generator, and how it came about.

    Raises:
        NonFiniteLossError: the game broke down.
    """
    game = Game(trial, stacks)
    progress, _ = load_newest(folder, game.players)
    shown, turn = progress.images_shown, progress.phase + 1  # `phase` counts the turns played
    began, shown_before, seconds_before = time.perf_counter(), shown, progress.seconds
    while shown < trial.images:
        more, numbers = game.take_turn(shown, turn)
        before, shown, turn = shown, shown + more, turn + 1
        if shown < trial.images and before // CHECKPOINT_IMAGES == shown // CHECKPOINT_IMAGES:
            continue
        seconds = time.perf_counter() - began
        progress = Progress(shown, turn - 1, seconds=seconds_before + seconds)
        save_checkpoint(folder, game.players, progress)
        losses = "  ".join(f"{name} {value:.3f}" for name, value in numbers.items())
        tell(shown, (shown - shown_before) / seconds, losses)
    return game.players.average.eval(), progress
