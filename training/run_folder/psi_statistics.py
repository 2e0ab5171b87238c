"""Statistics for truncated latents of a run's BigGAN, kept beside their checkpoint.

Owns the file `checkpoint-<images>-psi.safetensors`: it is valid for the checkpoint whose digest it
names, and deleted with it. Its absence, or a damaged file, costs only time.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast

import safetensors
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from models.families.biggan.generator import BigganGenerator
from models.family import ImageGenerator
from training.atomic_folder import write_file
from training.game.truncation import compute_truncation, truncating_copy
from training.progress_bar import progress_bar
from training.run_folder.checkpoint import PSI_ENDING, read_digest


def with_kept_truncation(generator: ImageGenerator, record: Path) -> ImageGenerator:
    """Copy a BigGAN with statistics for truncated latents: kept ones, or new ones, which are kept.

    Other generators are returned as they are. The computation shows its progress on the standard
    error, as it does the reason if the file cannot be written.

    Args:
        generator: the averaged generator of a checkpoint, in evaluation mode.
        record: the JSON file of that checkpoint.

    Raises:
        CheckpointError: the record cannot be read.
    """
    copy = truncating_copy(generator)
    if copy is None:
        return generator
    path = record.with_name(f"{record.stem}{PSI_ENDING}.safetensors")
    facts = {"checkpoint": read_digest(record), "torch": str(torch.__version__)}
    if take_statistics(copy, path, facts):
        return copy
    with progress_bar("statistics for truncated latents", "values of psi") as on_progress:
        compute_truncation(copy, on_progress)
    try:
        keep_statistics(copy, path, facts)
    except OSError as error:
        sys.stderr.write(f"the statistics for truncated latents are not kept: {error}\n")
    return copy


def keep_statistics(generator: BigganGenerator, path: Path, facts: Mapping[str, str]) -> None:
    """Write the statistics of `generator` atomically.

    Args:
        generator: has them.
        path: of the file.
        facts: the checkpoint that they belong to, and what computed them.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    tensors = {name: value.cpu().contiguous() for name, value in truncation_of(generator).items()}
    write_file(
        path, safetensors.torch.save(tensors, {**facts, "sha256": digest_of_values(tensors)})
    )


def take_statistics(generator: BigganGenerator, path: Path, facts: Mapping[str, str]) -> bool:
    """Load the statistics in a file into `generator`, in place.

    Returns:
        False if there are none: no file, a damaged one, or one with other facts or shapes.
    """
    with suppress(OSError, SafetensorError, ValueError):
        tensors = safetensors.torch.load_file(path)
        with safetensors.safe_open(path, "pt") as file:  # pyright: ignore[reportUnknownVariableType]
            found = cast("dict[str, str] | None", file.metadata())  # pyright: ignore[reportUnknownMemberType]
        own = truncation_of(generator)
        fits = {k: v.shape for k, v in tensors.items()} == {k: v.shape for k, v in own.items()}
        if fits and found == {**facts, "sha256": digest_of_values(tensors)}:
            for name, value in own.items():
                value.copy_(tensors[name])
            return True
    return False


def truncation_of(generator: BigganGenerator) -> dict[str, Tensor]:
    """The statistics of `generator`, by name; the same memory."""
    return {"means": generator.truncated_means, "variances": generator.truncated_variances}


def digest_of_values(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of all values, in the order of their names."""
    values = [tensors[name].numpy().tobytes() for name in sorted(tensors)]
    return hashlib.sha256(b"".join(values)).hexdigest()
