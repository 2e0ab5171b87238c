"""Checkpoints: the files from which a run resumes exactly.

Owns the checkpoint of a run: `checkpoint-<images>.safetensors` with every tensor and, written last,
`checkpoint-<images>.json` with the rest, the digest of the tensors and, as its seal, its own.
Without its JSON a checkpoint does not exist. The last two and the best are kept, and of older ones
the first of each doubling of images shown, within limits. Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from models.layout import file_sha256
from training.atomic_folder import current_umask
from training.game.state import StepState
from training.run_folder.tensors import UnfitError, put_tensors, tensors_of

CHECKPOINTS = "checkpoints"  # the folder in a run
KEPT = 2  # newest ones
KEPT_OLDER, KEPT_OLDER_BYTES = 6, 4 << 30  # limits of the older ones, newest first
PATTERN = "checkpoint-*.json"
PSI_ENDING = "-psi"  # of the stem of a file that belongs to a checkpoint (`psi_statistics`)


class CheckpointError(ValueError):
    """Unusable checkpoint; the message names the file and what to do."""


@dataclass(frozen=True)
class Progress:
    """All data of a checkpoint that is not a tensor.

    Attributes:
        images_shown: real images the discriminator has seen.
        phase: of the last step (`training.game.schedule.ScheduleState.phase`); -1 before the first.
        sums: of the numbers since the last journal line.
        sum_images: number of images in those sums.
        seconds: spent training so far, all sessions together.
        augment: the fields of `training.objectives.augment.AugmentStrength`; empty for a new run.
    """

    images_shown: int = 0
    phase: int = -1
    sums: dict[str, float] = field(default_factory=dict[str, float])
    sum_images: int = 0
    seconds: float = 0.0
    augment: dict[str, float] = field(default_factory=dict[str, float])


def save_checkpoint(
    folder: Path, state: StepState, progress: Progress, also: Collection[int] = ()
) -> Path:
    """Write a checkpoint atomically, then delete old ones, except those in `also`.

    Raises:
        OSError: the disk is full; the checkpoints before it stay whole.
    """
    folder.mkdir(exist_ok=True)
    record = checkpoint_at(folder, progress.images_shown)
    tensors, partial = record.with_suffix(".safetensors"), record.with_suffix(".partial")
    try:
        safetensors.torch.save_file(tensors_of(state), partial)
        digest = file_sha256(partial)
        _replace(partial, tensors)
        values = {"sha256": digest, **vars(progress)}
        partial.write_text(json.dumps(sealed(values), indent=2) + "\n", encoding="utf-8")
        _replace(partial, record)
    except SafetensorError as error:
        raise OSError(f"{partial} cannot be written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
        if not record.exists():
            tensors.unlink(missing_ok=True)
    _delete_others(folder, record, {checkpoint_at(folder, images) for images in also})
    return record


def older_kept(records: Sequence[Path]) -> list[Path]:
    """Older checkpoints to keep: the first of each doubling of images shown, within limits.

    Args:
        records: in order of images shown.
    """
    firsts: dict[int, Path] = {}
    for record in records:
        firsts.setdefault(images_of(record).bit_length(), record)
    kept: list[Path] = []
    size = 0
    for record in [*reversed(firsts.values())][:KEPT_OLDER]:
        tensors = record.with_suffix(".safetensors")
        size += tensors.stat().st_size if tensors.exists() else 0
        if size <= KEPT_OLDER_BYTES:
            kept.append(record)
    return kept


def images_of(record: Path) -> int:
    """Images shown at a checkpoint, parsed from its name; 0 if there are none in it."""
    number = record.stem.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def checkpoint_at(folder: Path, images_shown: int) -> Path:
    """Path of the JSON record of the checkpoint after `images_shown` images."""
    return folder / f"checkpoint-{images_shown:010d}.json"


def require_kept(folder: Path, images_shown: int) -> Path:
    """Path of the JSON record of a checkpoint that is there.

    Raises:
        CheckpointError: it is not; the message lists those that are.
    """
    record = checkpoint_at(folder, images_shown)
    if record.exists():
        return record
    kept = sorted(map(images_of, folder.glob(PATTERN)))
    there = f"there are {', '.join(map(str, kept))}" if kept else "there is none"
    raise CheckpointError(f"{folder.parent} has no checkpoint after {images_shown} images: {there}")


def load_at(folder: Path, images_shown: int, state: StepState) -> Progress:
    """Load the checkpoint after `images_shown` images into `state`.

    Raises:
        CheckpointError: it is missing, not whole, or of other networks.
    """
    record = require_kept(folder, images_shown)
    progress, tensors = read_checkpoint(record)
    _restore(state, tensors, record)
    return progress


def load_newest(folder: Path, state: StepState) -> tuple[Progress, list[str]]:
    """Load the newest whole checkpoint into `state`.

    Returns:
        Its progress (that of a fresh start if there is no checkpoint), and a sentence for every
        newer one that was skipped because it is damaged.

    Raises:
        CheckpointError: there are checkpoints, but none is whole or fits these networks.
    """
    damaged: list[str] = []
    for record in sorted(folder.glob(PATTERN), reverse=True):
        try:
            progress, tensors = read_checkpoint(record)
        except CheckpointError as error:
            damaged.append(str(error))
            continue
        _restore(state, tensors, record)
        return progress, damaged
    if damaged:
        raise CheckpointError(
            "no checkpoint is whole: " + "; ".join(damaged) + ". Restore one of these files from a "
            "backup, or train again in another folder"
        )
    return Progress(), []


def sealed(values: dict[str, Any]) -> dict[str, Any]:
    """Add the seal to the values of a record: their SHA-256, independent of white space."""
    rest = {name: value for name, value in values.items() if name != "seal"}
    digest = hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
    return {**rest, "seal": digest}


def read_checkpoint(record: Path) -> tuple[Progress, dict[str, Tensor]]:
    """Read one checkpoint and verify that it is whole.

    Raises:
        CheckpointError: a file is missing, truncated or changed.
    """
    try:
        values = json.loads(record.read_text(encoding="utf-8"))
        if values.pop("seal") != sealed(values)["seal"]:
            raise CheckpointError(f"{record} is damaged: its seal is not that of its values")
        path = record.with_suffix(".safetensors")
        if file_sha256(path) != values.pop("sha256"):
            raise CheckpointError(f"{path} is damaged: its SHA-256 is not the one in {record.name}")
        return Progress(**values), safetensors.torch.load_file(path)
    except CheckpointError:
        raise
    except (OSError, ValueError, TypeError, KeyError, AttributeError, SafetensorError) as error:
        raise CheckpointError(f"{record} cannot be read: {error}") from error


def read_digest(record: Path) -> str:
    """SHA-256 of the tensors of a checkpoint, as its record tells it.

    Raises:
        CheckpointError: the record cannot be read.
    """
    try:
        return str(json.loads(record.read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CheckpointError(f"{record} cannot be read: {error}") from error


def _restore(state: StepState, tensors: dict[str, Tensor], record: Path) -> None:
    try:
        put_tensors(state, tensors)
    except UnfitError as error:
        raise CheckpointError(f"{record} {error}") from error


def _replace(partial: Path, path: Path) -> None:
    partial.chmod(0o666 & ~current_umask())  # safetensors makes it readable only by its owner
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _delete_others(folder: Path, newest: Path, also: Collection[Path]) -> None:
    # Records after the newest are damaged ones that were skipped: they must not count as kept.
    records = sorted(folder.glob(PATTERN))
    past = records[: records.index(newest) + 1]
    kept = [*past[-KEPT:], *also, *older_kept(past[:-KEPT])]
    for record in records:
        if record not in kept:
            record.unlink()
    # Tensors without a record, and partial files of a killed process (safetensors: `.tmp*`).
    stems = {record.stem for record in kept}
    found = folder.glob("checkpoint-*.safetensors")
    orphans = [path for path in found if path.stem.removesuffix(PSI_ENDING) not in stems]
    for path in [*orphans, *folder.glob("*checkpoint-*.partial"), *folder.glob(".tmp*")]:
        path.unlink(missing_ok=True)  # `generate` may just have renamed its own (`psi_statistics`)
