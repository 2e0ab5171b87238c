"""Opening a run: checks, its folder and lock, and the checkpoint it resumes from.

Owns the preparations before the first step. Knows no step.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from training.config.config import TrainingConfig
from training.config.history import config_at
from training.data.stream import Prepared
from training.distributed import Processes
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.rendering import SAMPLES
from training.run.display import Display, describe_schedule
from training.run.validation import check_data, check_processes
from training.run_folder.beginning import Beginning
from training.run_folder.checkpoint import CHECKPOINTS, Progress, load_newest
from training.run_folder.data_origin import keep_origin
from training.run_folder.journal import JOURNAL_FILE, TIMING_FILE, truncate_after
from training.run_folder.lock import run_lock
from training.run_folder.resume import announce_changes, keep_config
from training.run_folder.transfer import begin_with


@contextmanager
def opened(
    config: TrainingConfig, prepared: Prepared, run: Path, processes: Processes
) -> Generator[None]:
    """Check pictures and configuration; create the run folder, or check that it is the same run.

    Inside the context, no other command can train it.

    Raises:
        ConfigError: the pictures, the processes or the folder do not fit the configuration, or the
            run is being trained already.
    """
    newest = config_at(config, config.total_images)
    check_data(newest, prepared)
    check_processes(newest, processes.count)
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
    """Raise an error if configuration, pictures or checkpoint differ between processes.

    Raises:
        DistributedError: on all processes.
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
    """Load the newest whole checkpoint into `state`; without one, start from initial weights.

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
        if changes := announce_changes(config, progress.images_shown):
            display.say(changes)
        schedule = schedule_at(progress.images_shown, config)
        display.say(
            f"resuming after {progress.images_shown:,} images, {describe_schedule(schedule)}"
        )
    return progress


def truncate_journals(run: Path, progress: Progress) -> None:
    """Delete the lines of steps after the checkpoint: they will be written again."""
    for name in (JOURNAL_FILE, TIMING_FILE):
        truncate_after(run / name, progress.images_shown)
