"""The story of a run, from the first image to the last.

Owns the order of things: schedule, pictures, step, and once in a while what is written down
(`chronicle.py`). Knows no loss and no layer. Running it again on the same folder goes on where it
stopped.
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
    together: Processes = SINGLE,
    events: Events | None = None,
) -> Progress:
    """Train until the schedule ends or the process is asked to stop.

    Args:
        config: what to do.
        prepared: the pictures.
        run: the folder of the run, new or begun before.
        device: where the networks live.
        display: where to tell how it goes.
        beginning: what a new run begins with, the one of `config.init_from`.
        together: which process of the run this is. All stop where one was asked to; the first one
            writes and measures.
        events: where TensorBoard shall find the journal, too.

    Returns:
        How far it came, as the last checkpoint holds it.

    Raises:
        ConfigError: the pictures or the folder do not fit the configuration, or another process
            trains this run.
        CheckpointError: the folder has checkpoints, but none is whole.
        NonFiniteLossError: the game broke down; the last checkpoint is whole.
        OSError: the disk is full; the last checkpoint is whole.
        TogetherError: another process failed, or was told something else.
    """
    config = resolve_precision(config, run, device)
    with opened(config, prepared, run, together):
        players = TrainingState.create(config, device, together)
        chronicle = None
        with together.all_or_none():
            progress = resume_or_begin(config, run, players, display, beginning)
            if together.first:
                watch = RunMonitor(run, config, prepared, display.say)
                chronicle = Recorder(run, players, watch, display, events)
        require_agreement(config, prepared, progress, together)
        if events:
            events.begin(progress.images_shown)
        stream = ImageStream(prepared, config.seed, config.mirror)
        return train_loop(config, stream, players, progress, display, chronicle)


def train_loop(
    config: TrainingConfig,
    stream: ImageStream,
    players: TrainingState,
    progress: Progress,
    display: Display,
    chronicle: Recorder | None,
) -> Progress:
    """Step by step from where a run stands; the first process has its chronicle.

    Returns:
        How far it came, as the last checkpoint holds it.
    """
    together = players.together
    averages = Averages(progress.sums, progress.sum_images)
    strength = strength_at(progress, config)
    shown, phase, seconds = progress.images_shown, progress.phase, progress.seconds
    tick_began, tick_images = time.perf_counter(), 0
    leaving = False

    with StopRequest() as stop:
        while shown < config.total_images and not leaving:
            # One step.
            moment = schedule_at(shown, config)
            if config.reset_optimizer and moment.phase != phase:
                players.reset_optimizers()
            phase = moment.phase
            place = (shown, moment.batch_size, together.share)
            pixels = stream.batch(moment.growth.resolution, *place)
            classes = stream.labels(*place)
            numbers = take_step(players, moment, config, pixels, shown, classes, strength.p)
            if config.augment:
                numbers["augment_strength"] = strength.p
            if config.augment_target:
                strength = strength.after(numbers["sign_real"], moment.batch_size, config)
            averages.add(numbers, moment.batch_size)
            before, shown = shown, shown + moment.batch_size
            tick_images += moment.batch_size
            elapsed = time.perf_counter() - tick_began
            display.update(moment, shown, tick_images / elapsed)

            # Once in a while: what is written down.
            leaving = together.any(stop.asked)
            tick = is_tick(before, shown, config) or shown >= config.total_images
            if not (tick or leaving):
                continue
            seconds += elapsed
            numbers = averages.means()
            averages = Averages() if tick else averages
            sums, covered = averages.sums, averages.images
            kept = asdict(strength) if config.augment_target else {}
            progress = Progress(shown, phase, sums, covered, seconds, kept)
            with together.all_or_none():
                if chronicle and tick:
                    chronicle.tick(moment, progress, numbers, tick_images / elapsed)
                if chronicle:
                    last = leaving or shown >= config.total_images
                    chronicle.keep(moment, progress, last=last)
            tick_began, tick_images = time.perf_counter(), 0
    return progress


@contextmanager
def opened(
    config: TrainingConfig, prepared: Prepared, run: Path, together: Processes
) -> Generator[None]:
    """Refuse what cannot be trained; make the folder of a run, or see that it is the same run.

    Inside, no other command trains it.

    Raises:
        ConfigError: the pictures, the processes or the folder do not fit the configuration, or the
            run is being trained already.
    """
    check_data(config, prepared)
    check_processes(config, together.count)
    with ExitStack() as stack:
        with together.all_or_none():
            if together.first:
                stack.enter_context(run_lock(run))
                keep_config(run, config)
                keep_origin(run, prepared)
                (run / SAMPLES).mkdir(exist_ok=True)
        yield


def require_agreement(
    config: TrainingConfig, prepared: Prepared, progress: Progress, together: Processes
) -> None:
    """Refuse to go on where the processes of a run were told or have found different things.

    Raises:
        TogetherError: on all of them.
    """
    where = f"{progress.images_shown} {progress.sums} {progress.augment}"
    together.require_same(
        configuration=config.to_json(), pictures=prepared.digest, checkpoint=where
    )


def resume_or_begin(
    config: TrainingConfig,
    run: Path,
    players: TrainingState,
    display: Display,
    beginning: Beginning | None,
) -> Progress:
    """Put the newest whole checkpoint of a run into new players; without one they stay new.

    What the journals tell of later steps is cut off: it will be told again.

    Raises:
        CheckpointError: the folder has checkpoints, but none is whole.
    """
    progress, damaged = load_newest(run / CHECKPOINTS, players)
    if beginning and not progress.images_shown:
        begin_with(players, beginning)
        display.say(f"beginning with {config.init_from}")
    for sentence in damaged:
        display.say(f"passed over: {sentence}")
    for name in (JOURNAL_FILE, TIMING_FILE) if players.together.first else ():
        truncate_after(run / name, progress.images_shown)
    if progress.images_shown:
        moment = schedule_at(progress.images_shown, config)
        display.say(f"resuming after {progress.images_shown:,} images, {describe_schedule(moment)}")
    return progress


def strength_at(progress: Progress, config: TrainingConfig) -> AugmentStrength:
    """How strong augmentation is where a run goes on, or begins."""
    if not progress.augment:
        return AugmentStrength(0.0 if config.augment_target else config.augment_strength)
    kept = progress.augment
    return AugmentStrength(kept["p"], kept["signs"], int(kept["steps"]))


def is_tick(before: int, after: int, config: TrainingConfig) -> bool:
    """Whether a multiple of `tick_images`, or the end of a phase, was passed."""
    if before // config.tick_images != after // config.tick_images:
        return True
    return schedule_at(before, config).phase != schedule_at(after, config).phase
