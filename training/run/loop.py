"""The training loop of a run, from the first image to the last.

Owns the order of schedule, pictures and step, and when something is recorded (`recorder.py`). Knows
no loss and no layer. Called again on the same folder, it resumes.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from training.config.config import TrainingConfig
from training.data.stream import ImageStream, Prepared
from training.distributed import SINGLE, Processes
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.game.step import take_step
from training.objectives.augment import AugmentStrength
from training.rendering import SAMPLES
from training.run.checkpoint import CHECKPOINTS, Progress, load_newest
from training.run.data_origin import keep_origin
from training.run.display import Display, describe_schedule
from training.run.journal import JOURNAL_FILE, TIMING_FILE, Averages, truncate_after
from training.run.lock import run_lock
from training.run.monitor import RunMonitor
from training.run.precision import resolve_precision
from training.run.recorder import Recorder
from training.run.resume import keep_config
from training.run.stopping import StopRequest
from training.run.transfer import Beginning, begin_with
from training.run.validation import check_data, check_processes

if TYPE_CHECKING:
    from training.run.events import Events  # needs an extra


def train(  # noqa: PLR0913 - the last three are rare, and go by their names
    config: TrainingConfig,
    prepared: Prepared,
    run: Path,
    device: torch.device,
    display: Display,
    *,
    beginning: Beginning | None = None,
    processes: Processes = SINGLE,
    events: Events | None = None,
) -> Progress:
    """Train until the schedule ends or the process is asked to stop.

    Args:
        config: what to do.
        prepared: the pictures.
        run: the folder of the run, new or begun before.
        device: where the networks live.
        display: shows progress.
        beginning: the weights a new run begins with, those of `config.init_from`.
        processes: which process of the run this is. All stop where one was asked to; the first one
            writes and measures.
        events: TensorBoard event files, written beside the journal.

    Returns:
        How far it came, as the last checkpoint holds it.

    Raises:
        ConfigError: the pictures or the folder do not fit the configuration, or another process
            trains this run.
        CheckpointError: the folder has checkpoints, but none is whole.
        NonFiniteLossError: the game broke down; the last checkpoint is whole.
        OSError: the disk is full; the last checkpoint is whole.
        DistributedError: another process failed, or has another configuration.
    """
    config = resolve_precision(config, run, device)
    with opened(config, prepared, run, processes):
        state = TrainingState.create(config, device, processes)
        recorder = None
        with processes.all_or_none():
            progress = resume_or_begin(config, run, state, display, beginning)
            if processes.first:
                truncate_journals(run, progress)
                monitor = RunMonitor(run, config, prepared, display.say)
                recorder = Recorder(run, state, monitor, display, events)
        require_agreement(config, prepared, progress, processes)
        if events:
            events.begin(progress.images_shown)
        stream = ImageStream(prepared, config.seed, config.augmentation.mirror)
        return train_loop(config, stream, state, progress, display, recorder, processes)


def train_loop(
    config: TrainingConfig,
    stream: ImageStream,
    state: TrainingState,
    progress: Progress,
    display: Display,
    recorder: Recorder | None,
    processes: Processes,
) -> Progress:
    """Step by step from where a run stands; only the first process has a recorder.

    Returns:
        How far it came, as the last checkpoint holds it.
    """
    averages = Averages(progress.sums, progress.sum_images)
    strength = strength_at(progress, config)
    shown, phase, seconds = progress.images_shown, progress.phase, progress.seconds
    tick_began, tick_images = time.perf_counter(), 0
    leaving = False

    with StopRequest() as stop:
        while shown < config.total_images and not leaving:
            # One step.
            schedule = schedule_at(shown, config)
            if config.optimizer.reset and schedule.phase != phase:
                state.reset_optimizers()
            phase = schedule.phase
            place = (shown, schedule.batch_size, processes.share)
            pixels = stream.batch(schedule.growth.resolution, *place)
            classes = stream.labels(*place)
            numbers = take_step(state, schedule, config, pixels, classes, strength.p, processes)
            augmentation = config.augmentation
            if augmentation.policy:
                numbers["augment_strength"] = strength.p
            if augmentation.target:
                strength = strength.after(
                    numbers["sign_real"],
                    schedule.batch_size,
                    augmentation.target,
                    augmentation.ramp_images,
                )
            averages.add(numbers, schedule.batch_size)
            before, shown = shown, shown + schedule.batch_size
            tick_images += schedule.batch_size
            elapsed = time.perf_counter() - tick_began
            display.update(schedule, shown, tick_images / elapsed)

            # At a tick, and before the end: journal, grid, checkpoint.
            leaving = processes.any(stop.asked)
            tick = is_tick(before, shown, config) or shown >= config.total_images
            if not (tick or leaving):
                continue
            seconds += elapsed
            numbers = averages.means()
            averages = Averages() if tick else averages
            sums, covered = averages.sums, averages.images
            kept = asdict(strength) if config.augmentation.target else {}
            progress = Progress(shown, phase, sums, covered, seconds, kept)
            with processes.all_or_none():
                if recorder and tick:
                    recorder.tick(schedule, progress, numbers, tick_images / elapsed)
                if recorder:
                    last = leaving or shown >= config.total_images
                    recorder.keep(schedule, progress, last=last)
            tick_began, tick_images = time.perf_counter(), 0
    return progress


@contextmanager
def opened(
    config: TrainingConfig, prepared: Prepared, run: Path, processes: Processes
) -> Generator[None]:
    """Check pictures and configuration; make the folder of a run, or check that it is the same run.

    Inside the context, no other command trains it.

    Raises:
        ConfigError: the pictures, the processes or the folder do not fit the configuration, or the
            run is being trained already.
    """
    check_data(config, prepared)
    check_processes(config, processes.count)
    with ExitStack() as stack:
        with processes.all_or_none():
            if processes.first:
                stack.enter_context(run_lock(run))
                keep_config(run, config)
                keep_origin(run, prepared)
                (run / SAMPLES).mkdir(exist_ok=True)
        yield


def require_agreement(
    config: TrainingConfig, prepared: Prepared, progress: Progress, processes: Processes
) -> None:
    """Refuse to go on where configuration, pictures or checkpoint differ between processes.

    Raises:
        DistributedError: on all of them.
    """
    checkpoint = f"{progress.images_shown} {progress.sums} {progress.augment}"
    processes.require_same(
        configuration=config.to_json(), pictures=prepared.digest, checkpoint=checkpoint
    )


def resume_or_begin(
    config: TrainingConfig,
    run: Path,
    state: TrainingState,
    display: Display,
    beginning: Beginning | None,
) -> Progress:
    """Load the newest whole checkpoint of a run into new networks; without one they stay new.

    Raises:
        CheckpointError: the folder has checkpoints, but none is whole.
    """
    progress, damaged = load_newest(run / CHECKPOINTS, state)
    if beginning and not progress.images_shown:
        begin_with(state, beginning)
        display.say(f"beginning with {config.init_from}")
    for sentence in damaged:
        display.say(f"passed over: {sentence}")
    if progress.images_shown:
        schedule = schedule_at(progress.images_shown, config)
        display.say(
            f"resuming after {progress.images_shown:,} images, {describe_schedule(schedule)}"
        )
    return progress


def truncate_journals(run: Path, progress: Progress) -> None:
    """Cut off the lines of steps after the checkpoint: they will be written again."""
    for name in (JOURNAL_FILE, TIMING_FILE):
        truncate_after(run / name, progress.images_shown)


def strength_at(progress: Progress, config: TrainingConfig) -> AugmentStrength:
    """The strength of augmentation where a run resumes or begins."""
    if not progress.augment:
        return AugmentStrength(0.0 if config.augmentation.target else config.augmentation.strength)
    kept = progress.augment
    return AugmentStrength(kept["p"], kept["signs"], int(kept["steps"]))


def is_tick(before: int, after: int, config: TrainingConfig) -> bool:
    """Whether a multiple of `tick_images`, or the end of a phase, was passed."""
    if before // config.tick_images != after // config.tick_images:
        return True
    return schedule_at(before, config).phase != schedule_at(after, config).phase
