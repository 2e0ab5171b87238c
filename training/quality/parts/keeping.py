"""The reader of a prepared folder, trained once and kept beside the pictures.

Owns the choice of pictures to learn from and to hold out, and the file `parts-0064.safetensors`. A
reader is used again only for the same pictures, parts and settings; else it is trained again.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import cast

import numpy as np
import safetensors
import safetensors.torch
import torch
from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass as checked
from safetensors import SafetensorError

from models.resolution import Size, size_of
from models.strict_json import STRICT
from training.atomic_folder import write_file
from training.data.manifest import DataError
from training.data.stream import Indices, Prepared
from training.progress_bar import OpenProgress, progress_bar
from training.quality.parts.known import KnownParts, Part, known_parts, reason_without_parts
from training.quality.parts.learning import READER_SETTINGS, train_network
from training.quality.parts.network import PartNetwork
from training.quality.parts.reader import PartReader, Trust, read_parts
from training.quality.pictures import PictureSet

READER_FORMAT = 1  # to be raised with every change of how a reader learns
READER_SIDE = 64  # resolution of the pictures that are read, or less if the data has less
SMALLEST_READ = 8
MOST_PICTURES = 20_000  # of the data, to learn from and to hold out
MOST_HELD_OUT = 4_096
FEWEST_PICTURES = 120
READER_SEED = 0
DAMAGED = (SafetensorError, RuntimeError, ValueError, KeyError)
DRAWING_PACKAGES = ("dicebear-core", "dicebear-styles")


@checked(frozen=True, config=STRICT)
class KeptFacts:
    """Facts beside the weights: those of `PartReader`, and the key by `key_of`."""

    key: str
    parts: tuple[Part, ...]
    shares: tuple[tuple[float, ...], ...]
    trust: tuple[Trust, ...]
    held_out: int
    resolution: int
    size: Size


@dataclass(frozen=True)
class Split:
    """Indices of pictures: to learn from, to compare with, and for the row of real data."""

    learned: Indices
    reference: Indices
    apart: Indices


def split_of(count: int) -> Split:
    """Split `count` pictures at random, always alike: a third is held out, at most 4,096."""
    numbers = np.random.default_rng(READER_SEED).permutation(count)[:MOST_PICTURES].astype(np.int64)
    half = min(MOST_HELD_OUT, len(numbers) // 3) // 2
    return Split(numbers[2 * half :], numbers[:half], numbers[half : 2 * half])


def reason_without_reader(prepared: Prepared, resolution: int) -> str:
    """Reason why no reader can be had for pictures of `resolution`; empty if one can."""
    if prepared.count < FEWEST_PICTURES:
        return (
            f"{prepared.folder} has {prepared.count} pictures, a reader of parts needs "
            f"{FEWEST_PICTURES}"
        )
    if resolution < SMALLEST_READ:
        return f"pictures of {resolution} px are too small to read parts in"
    return reason_without_parts(prepared)


def reader_file(resolution: int) -> str:
    """File name of the reader of pictures of `resolution`."""
    return f"parts-{resolution:04d}.safetensors"


def open_reader(
    prepared: Prepared, resolution: int, open_progress: OpenProgress = progress_bar
) -> PartReader:
    """Load the reader kept in the prepared folder, or train and keep one.

    It reads pictures of 64 px, or of `resolution` or the data's own, if these are smaller.

    Raises:
        DataError: the parts of the pictures are unknown, or there are too few pictures.
    """
    side = min(READER_SIDE, resolution, prepared.manifest.resolution)
    if reason := reason_without_reader(prepared, side):
        raise DataError(reason)
    path, key = prepared.folder / reader_file(side), key_of(prepared, side)
    size = size_of(side, prepared.manifest.base)
    if path.is_file():
        try:
            if kept := load_reader(path, key, prepared.channels, size):
                return kept
            reason = "was made for other pictures or by another release"
        except DAMAGED as error:
            reason = f"is damaged ({str(error).partition(chr(10))[0]})"
        sys.stderr.write(f"{path} {reason}: another is trained\n")
    reader = train_reader(prepared, side, open_progress)
    try:
        write_file(path, stored(reader, key))
    except OSError as error:
        sys.stderr.write(f"{path} cannot be kept ({error}): the next command trains it again\n")
    return reader


def key_of(prepared: Prepared, side: int) -> str:
    """Digest of everything that determines the reader: pictures, parts, settings."""
    manifest = prepared.manifest
    drawn = manifest.labels is None
    facts = (
        *(READER_FORMAT, side, prepared.digest, manifest.source.location if drawn else ""),
        *(manifest.labels.sha256 if manifest.labels else "", manifest.label_names),
        *([version(name) for name in DRAWING_PACKAGES] if drawn else []),
        *(READER_SEED, MOST_PICTURES, MOST_HELD_OUT, READER_SETTINGS),
    )
    return sha256(json.dumps(facts).encode()).hexdigest()


def train_reader(
    prepared: Prepared, side: int, open_progress: OpenProgress = progress_bar
) -> PartReader:
    """Train a reader of pictures of `side`, and measure it on the held-out ones.

    Raises:
        DataError: the parts of the pictures are unknown.
    """
    split = split_of(prepared.count)
    numbers = np.concatenate([split.reference, split.apart, split.learned])
    with open_progress("telling the parts of the pictures") as on_progress:
        known = known_parts(prepared, numbers, on_progress)
    array = np.asarray(prepared.images(side))
    held = len(numbers) - len(split.learned)
    learned = KnownParts(known.parts, known.codes[held:])
    with open_progress(f"training the reader of parts, {side} px") as on_progress:
        network = train_network(PictureSet(array, split.learned), learned, READER_SEED, on_progress)
    size = size_of(side, prepared.manifest.base)
    reading = read_parts(network, PictureSet(array, numbers[:held]), size)
    right, sure = reading.values == known.codes[:held], reading.sure
    trust = tuple(
        Trust(
            float(right[:, n].mean()),
            float(sure[:, n].mean()),
            float(right[sure[:, n], n].mean()) if sure[:, n].any() else 1.0,
        )
        for n in range(len(known.parts))
    )
    shares = tuple(
        np.bincount(known.codes[:, n], minlength=len(part.values)) / len(numbers)
        for n, part in enumerate(known.parts)
    )
    return PartReader(network, known.parts, shares, trust, held, side, size)


def stored(reader: PartReader, key: str) -> bytes:
    """A file with the weights of a reader, and what is known of it."""
    weights = {name: value.contiguous() for name, value in reader.network.state_dict().items()}
    facts = KeptFacts(
        key,
        reader.parts,
        tuple(tuple(share.tolist()) for share in reader.shares),
        reader.trust,
        reader.held_out,
        reader.resolution,
        reader.size,
    )
    return safetensors.torch.save(weights, {"facts": json.dumps(asdict(facts))})


def load_reader(path: Path, key: str, channels: int, size: Size) -> PartReader | None:
    """Load a reader; None if it was made for other pictures, parts or settings.

    Raises:
        SafetensorError, RuntimeError, ValueError, KeyError: the file is damaged (`DAMAGED`).
    """
    with safetensors.safe_open(path, "pt") as file:  # pyright: ignore[reportUnknownVariableType]
        metadata = cast("dict[str, str]", file.metadata() or {})  # pyright: ignore[reportUnknownMemberType]
    facts = TypeAdapter(KeptFacts).validate_json(metadata["facts"])
    if facts.key != key or facts.size != size:
        return None
    network = PartNetwork(channels, facts.size, [len(part.values) for part in facts.parts])
    network.load_state_dict(safetensors.torch.load_file(path))
    network.eval().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's overloads leave it out
    shares = tuple(np.array(share) for share in facts.shares)
    return PartReader(
        network, facts.parts, shares, facts.trust, facts.held_out, facts.resolution, facts.size
    )
