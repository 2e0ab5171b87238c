"""Training of one trial of the benchmark.

Owns its loop: steps until all images are shown, and checkpoints between them. The step is that of
every run. A trial that was stopped at any moment resumes with bit-identical results.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from models.families.progan.offer import draw_weights
from training.benchmark.digits import StackedDigits
from training.benchmark.networks import small_networks
from training.benchmark.trial import Trial
from training.game.context import Numbers
from training.game.optimise import NonFiniteLossError
from training.game.state import StepState
from training.game.step import take_step
from training.progress_bar import OnProgress, ignore_progress
from training.run_folder.checkpoint import Progress, load_newest, save_checkpoint
from training.run_folder.journal import Averages

CHECKPOINT_IMAGES = 128_000


def train_trial(
    trial: Trial,
    stacks: StackedDigits,
    folder: Path,
    on_checkpoint: Callable[[int, float, str], None],
    on_progress: OnProgress = ignore_progress,
) -> tuple[nn.Module, Progress]:
    """Train one trial until it is finished, from the beginning or from its last checkpoint.

    Args:
        trial: its settings.
        stacks: the real pictures.
        folder: of its checkpoints.
        on_checkpoint: called at each checkpoint with images shown, images per second and the mean
            losses since the last one.
        on_progress: called at each step with images shown and images in total.

    Returns:
        The averaged generator, and the progress of the trial.

    Raises:
        NonFiniteLossError: training diverged; the last checkpoint is complete.
    """
    state = initial_state(trial)
    progress, _ = load_newest(folder, state)
    shown, averages = progress.images_shown, Averages()
    began, shown_before, seconds_before = time.perf_counter(), shown, progress.seconds
    while shown < trial.images:
        averages.add(take_trial_step(state, trial, stacks, shown), trial.batch_size)
        before, shown = shown, shown + trial.batch_size
        on_progress(min(shown, trial.images), trial.images)
        if shown < trial.images and before // CHECKPOINT_IMAGES == shown // CHECKPOINT_IMAGES:
            continue
        seconds = time.perf_counter() - began
        progress = Progress(
            shown, trial.schedule_at(before).phase, seconds=seconds_before + seconds
        )
        save_checkpoint(folder, state, progress)
        losses = "  ".join(f"{name} {value:.3f}" for name, value in averages.means().items())
        on_checkpoint(shown, (shown - shown_before) / seconds, losses)
        averages = Averages()
    return state.average.eval(), progress


def initial_state(trial: Trial) -> StepState:
    """Create new networks, with initial weights drawn from the seed."""
    settings, device = trial.settings, torch.device("cpu")
    networks = small_networks(settings.network)
    return StepState.initialise(networks, draw_weights, trial.seed, settings.optimizer, device)


def take_trial_step(state: StepState, trial: Trial, stacks: StackedDigits, shown: int) -> Numbers:
    """Take one step of a trial.

    Args:
        state: changed in place.
        trial: its settings.
        stacks: the real pictures.
        shown: images shown before this step; determines all random numbers.

    Raises:
        NonFiniteLossError: training diverged.
    """
    pixels = stacks.batch(shown, trial.batch_size)
    try:
        return take_step(state, trial.schedule_at(shown), trial.settings, pixels)
    except NonFiniteLossError as error:
        reason = str(error).partition(". ")[0]
        raise NonFiniteLossError(f"{reason}. Try a lower --learning-rate") from error
