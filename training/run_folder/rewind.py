"""Rewinding: an older checkpoint becomes the newest one of a run.

Owns the handling of all later files: they are moved into a folder of the run, not deleted.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from training.atomic_folder import write_durably
from training.config.config import CONFIG_FILE
from training.run_folder.checkpoint import (
    CHECKPOINTS,
    PATTERN,
    CheckpointError,
    images_of,
    read_checkpoint,
    require_kept,
)
from training.run_folder.journal import JOURNAL_FILE, TIMING_FILE
from training.run_folder.loaded import BEST, NEWEST, best_of
from training.run_folder.lock import run_lock
from training.run_folder.resume import read_config

ABANDONED = "abandoned"  # the folder in a run


def rewind(run: Path, which: str) -> str:
    """Go back to a checkpoint; move later ones and a copy of the journal to `RUN/abandoned/`.

    Args:
        run: its folder.
        which: "newest", "best" (the lowest SWD of the journal), or images shown.

    Returns:
        A sentence on the moved files, or that there are no later ones; empty for "newest".

    Raises:
        CheckpointError: there is no such checkpoint, or it is damaged; nothing has changed.
        ConfigError: the run is being trained, or its configuration cannot be read.
    """
    if which == NEWEST:
        return ""
    with run_lock(run):
        record, later = _found(run, which)
        if not later:
            return f"{which} is the newest checkpoint, {images_of(record):,} images: nothing moves"
        images = images_of(record)
        place = _new_folder(run / ABANDONED, f"{images_of(later[-1])}-to-{images}")
        _move(run, later, place)
        config = read_config(run / CONFIG_FILE)
        past = tuple(change for change in config.changes if change.images_shown <= images)
        partial = (run / CONFIG_FILE).with_suffix(".partial")
        write_durably(partial, replace(config, changes=past).to_json())
        partial.replace(run / CONFIG_FILE)
    return (
        f"going back to {images:,} images; what came after ({len(later)} checkpoints, the journal) "
        f"is in {place}, which may be deleted. Leave --from out of the next command"
    )


def _found(run: Path, which: str) -> tuple[Path, list[Path]]:
    """Find the whole checkpoint `which`, and those after it."""
    folder = run / CHECKPOINTS
    records = sorted(folder.glob(PATTERN), key=images_of)
    if not records:
        raise CheckpointError(f"{run} has no checkpoint to go back to: leave --from out")
    images = best_of(run, read_config(run / CONFIG_FILE)) if which == BEST else int(which)
    record = require_kept(folder, images)
    read_checkpoint(record)
    return record, records[records.index(record) + 1 :]


def _move(run: Path, later: list[Path], place: Path) -> None:
    for name in (CONFIG_FILE, JOURNAL_FILE, TIMING_FILE):
        if (run / name).exists():
            shutil.copy2(run / name, place / name)
    for record in reversed(later):  # the record first: without it a checkpoint does not exist
        record.replace(place / record.name)
        tensors = record.with_suffix(".safetensors")
        if tensors.exists():
            tensors.replace(place / tensors.name)


def _new_folder(parent: Path, name: str) -> Path:
    number = 1
    while (parent / f"{name}-{number}").exists():
        number += 1
    (parent / f"{name}-{number}").mkdir(parents=True)
    return parent / f"{name}-{number}"
