"""Training of one trial of the benchmark.

Owns the order of its steps and the ratio of discriminator to generator steps. State, losses,
penalties, optimizer steps, averages and checkpoints are those of every run. A trial that was
stopped at any moment resumes with bit-identical results.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from models.families.progan.offer import draw_weights
from models.pixels import from_pixels
from training.benchmark.digits import StackedDigits
from training.benchmark.networks import LATENT_SIZE, small_networks
from training.benchmark.trial import Trial
from training.config.groups import OptimizerConfig
from training.game.ema import update_average
from training.game.optimise import NonFiniteLossError, optimizer_step
from training.game.state import NetworkState
from training.game.step import Numbers
from training.objectives.gradient_penalty import Penalty
from training.objectives.losses import OBJECTIVES
from training.objectives.rng import Stream, generator_at, normal, uniform
from training.progress_bar import OnProgress, ignore_progress
from training.run_folder.checkpoint import Progress, load_newest, save_checkpoint

CHECKPOINT_IMAGES = 128_000
ADAM = OptimizerConfig(beta2=0.99)
WGAN_GP_WEIGHT = 10.0  # lambda, as published
CRITIC_STEPS = {"wgan-gp": 5}  # discriminator steps for each generator step

SmallState = NetworkState[nn.Module, nn.Module]


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
        on_checkpoint: called at each checkpoint with images shown, images per second and losses.
        on_progress: called at each step with images shown and images in total.

    Returns:
        The averaged generator, and the progress of the trial.

    Raises:
        NonFiniteLossError: training diverged; the last checkpoint is complete.
    """
    state = initial_state(trial)
    progress, _ = load_newest(folder, state)
    shown, step = progress.images_shown, progress.phase + 1  # `phase` counts the steps
    began, shown_before, seconds_before = time.perf_counter(), shown, progress.seconds
    while shown < trial.images:
        numbers = take_trial_step(state, trial, stacks, shown, step)
        before, shown, step = shown, shown + trial.batch_size, step + 1
        on_progress(min(shown, trial.images), trial.images)
        if shown < trial.images and before // CHECKPOINT_IMAGES == shown // CHECKPOINT_IMAGES:
            continue
        seconds = time.perf_counter() - began
        progress = Progress(shown, step - 1, seconds=seconds_before + seconds)
        save_checkpoint(folder, state, progress)
        losses = "  ".join(f"{name} {value:.3f}" for name, value in numbers.items())
        on_checkpoint(shown, (shown - shown_before) / seconds, losses)
    return state.average.eval(), progress


def initial_state(trial: Trial) -> SmallState:
    """Create new networks, with initial weights drawn from the seed."""
    generator, discriminator = small_networks(trial.network)
    device = torch.device("cpu")
    return SmallState.initialise(generator, discriminator, draw_weights, trial.seed, ADAM, device)


def take_trial_step(
    state: SmallState, trial: Trial, stacks: StackedDigits, shown: int, step: int
) -> Numbers:
    """Run one step of the discriminator and, if it is due, one of the generator.

    Args:
        state: changed in place.
        trial: objective and schedule.
        stacks: the real pictures.
        shown: images shown before this step; determines all random numbers.
        step: its number, from 0.

    Raises:
        NonFiniteLossError: training diverged.
    """
    objective, schedule = OBJECTIVES[trial.objective], trial.schedule_at(shown)
    reals = from_pixels(torch.from_numpy(stacks.batch(shown, trial.batch_size)))
    fakes = generate_fakes(state.generator, trial, shown)
    loss = objective.discriminator(
        state.discriminator, reals, fakes.detach(), penalty_of(trial, shown)
    )
    try:
        rate = schedule.discriminator_rate
        optimizer_step(state.discriminator_optimizer, loss.terms, rate, schedule)
        terms = loss.terms | loss.watched
        if (step + 1) % CRITIC_STEPS.get(trial.objective, 1) == 0:
            state.discriminator.requires_grad_(False)
            loss = objective.generator(state.discriminator, reals, fakes)
            state.discriminator.requires_grad_(True)
            rate = schedule.learning_rate
            optimizer_step(state.generator_optimizer, loss.terms, rate, schedule)
            update_average(state.average, state.generator, trial.ema_decay_at(shown))
            terms |= loss.terms
    except NonFiniteLossError as error:
        reason = str(error).partition(". ")[0]
        raise NonFiniteLossError(f"{reason}. Try a lower --learning-rate") from error
    return {name: value.item() for name, value in terms.items()}


def generate_fakes(generator: nn.Module, trial: Trial, shown: int) -> Tensor:
    """Generate the fakes of one step: `[N, 3, 32, 32]`."""
    source = generator_at(trial.seed, Stream.LATENTS, shown)
    return generator(normal(source, trial.batch_size, LATENT_SIZE))


def penalty_of(trial: Trial, shown: int) -> Penalty:
    """Gradient penalty of one step; without drift term, as published for this experiment."""
    weight = WGAN_GP_WEIGHT if trial.objective == "wgan-gp" else trial.gamma
    source = generator_at(trial.seed, Stream.PENALTY, shown)
    return Penalty(weight, 1.0, 1.0, 0.0, uniform(source, trial.batch_size, 1, 1, 1))
