"""The training loop of a run, from the first image to the last.

Owns the order of schedule, pictures and step, and the time of each record (`recorder.py`). Knows no
loss and no layer. Called again on the same folder, it resumes the run.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from training.config.config import TrainingConfig
from training.config.history import config_at
from training.data.stream import Prepared
from training.device import set_matrix_precision
from training.device_copies import is_asynchronous
from training.distributed import SINGLE, Processes
from training.game.games import Game, game_of
from training.game.schedule import level_of_phase, schedule_at
from training.game.state import TrainingState
from training.run.display import Display
from training.run.monitor import RunMonitor
from training.run.opening import opened, require_agreement, resume_or_begin, truncate_journals
from training.run.recorder import Recorder, Watch
from training.run.running_numbers import RunningNumbers
from training.run.stopping import StopRequest
from training.run_folder.beginning import Beginning
from training.run_folder.checkpoint import Progress
from training.run_folder.precision import resolve_precision

if TYPE_CHECKING:
    from training.run.events import Events  # needs an extra


def train(  # noqa: PLR0913 - the last four are rare, and passed by name
    config: TrainingConfig,
    prepared: Prepared,
    run: Path,
    device: torch.device,
    display: Display,
    *,
    beginning: Beginning | None = None,
    processes: Processes = SINGLE,
    events: Events | None = None,
    watch: Watch | None = None,
) -> Progress:
    """Train until the schedule ends or a stop is requested.

    Args:
        config: settings of the run.
        prepared: the training set.
        run: the folder of the run, new or existing.
        device: of the networks.
        display: shows progress.
        beginning: the initial weights of a new run, those of `config.init_from`.
        processes: this process's place among all processes. All stop at the step where one
            received the request; the first one writes and measures.
        events: TensorBoard event files, written beside the journal.
        watch: may end the run after any step.

    Returns:
        Progress of the run, as in the last checkpoint.

    Raises:
        ConfigError: the pictures or the folder do not fit the configuration, or another process
            trains this run.
        CheckpointError: the folder has checkpoints, but none is whole.
        NonFiniteLossError: a loss is not finite; the last checkpoint is whole.
        OSError: the disk is full; the last checkpoint is whole.
        DistributedError: another process failed, or has another configuration.
    """
    config = resolve_precision(config, run, device, prepared.bit_depth)
    with opened(config, prepared, run, processes):
        state = TrainingState.create(config, device, processes)
        recorder = None
        with processes.all_or_none():
            progress = resume_or_begin(config, run, state, display, beginning)
            if processes.first:
                truncate_journals(run, progress)
                monitor = RunMonitor(run, config, prepared, display.say)
                recorder = Recorder(run, state, monitor, display, events, watch)
        require_agreement(config, prepared, progress, processes)
        if events:
            events.begin(progress.images_shown)
        game = game_of(config, prepared)
        return train_loop(config, game, state, progress, display, recorder, processes)


def train_loop(
    config: TrainingConfig,
    game: Game,
    state: TrainingState,
    progress: Progress,
    display: Display,
    recorder: Recorder | None,
    processes: Processes,
) -> Progress:
    """Run the steps from `progress` on; only the first process has a recorder.

    Returns:
        Progress of the run, as in the last checkpoint.
    """
    running = RunningNumbers(progress, lag=1 if is_asynchronous(state.device) else 0)
    shown, phase, seconds = progress.images_shown, progress.phase, progress.seconds
    crop = crop_before(config, progress)
    tick_began, tick_images, leaving = time.perf_counter(), 0, False

    with StopRequest(aloud=processes.first) as stop:
        while shown < config.total_images and not leaving:
            # One step.
            schedule, current = schedule_at(shown, config), config_at(config, shown)
            set_matrix_precision(current.precision)
            if current.optimizer.reset and schedule.phase != phase:
                state.reset_optimizers()
            if schedule.crop > crop:
                state.continue_with_average()
            phase, crop = schedule.phase, schedule.crop
            share = running.share(current)
            begun = game.play(state, schedule, current, share, processes)
            running.add(begun, schedule, current, share)
            before, shown = shown, shown + schedule.batch_size
            tick_images += schedule.batch_size
            elapsed = time.perf_counter() - tick_began
            display.update(schedule, shown, tick_images / elapsed)

            # At a tick, and before the end: journal, grid, checkpoint.
            stop.unsaved_images = shown - progress.images_shown
            ended = recorder is not None and recorder.ended(schedule, shown)
            leaving = processes.any(stop.asked or ended)
            tick = is_tick(before, shown, config) or shown >= config.total_images
            if not (tick or leaving):
                continue
            running.read_all()
            elapsed = time.perf_counter() - tick_began
            seconds += elapsed
            numbers = running.averages.means()
            averages = running.begin_line() if tick else running.averages
            kept = asdict(running.strength) if current.augmentation.target else {}
            written = Progress(shown, phase, averages.sums, averages.images, seconds, kept)
            last = leaving or shown >= config.total_images
            with processes.all_or_none():
                if recorder and tick:
                    recorder.tick(schedule, written, numbers, tick_images / elapsed)
                if recorder:
                    recorder.keep(schedule, written, last=last)
            progress = written
            tick_began, tick_images = time.perf_counter(), 0
    return progress


def crop_before(config: TrainingConfig, progress: Progress) -> int:
    """Resolution of the crops of the step before; 0 if it had none, or there was none."""
    if not progress.images_shown:
        return 0
    before = config_at(config, progress.images_shown - 1)
    return before.levels[level_of_phase(progress.phase)].crop


def is_tick(before: int, after: int, config: TrainingConfig) -> bool:
    """True if a multiple of `tick_images`, or the end of a phase, was passed."""
    if before // config.tick_images != after // config.tick_images:
        return True
    return schedule_at(before, config).phase != schedule_at(after, config).phase
