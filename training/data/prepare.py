"""Pictures from anywhere -> one uint8 array for each resolution, and a manifest.

Owns the journey and its promises: every picture is decoded once, memory stays bounded, the result
does not depend on the number of processes, and the folder appears whole or not at all. Knows no
kind of source and nothing of training.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from models.families.progan.config import (
    IMAGE_CHANNELS,
    MIN_RESOLUTION,
    SQUARE,
    Size,
    level_of,
    require_base,
)
from training.atomic_folder import atomic_folder, write_durably
from training.data.decode import FITS, Fit, Shape
from training.data.manifest import (
    LABELS_FILE,
    MANIFEST_FILE,
    SKIPPED_FILE,
    DataError,
    Manifest,
    Source,
)
from training.data.pyramid import ArrayWriter, PyramidWriter, pyramid_bytes
from training.data.skipped import SkippedWriter
from training.data.sources.opening import open_source
from training.data.sources.pictures import PictureSource, names_of_classes
from training.data.stream import open_prepared
from training.data.worker_pool import decode_all

FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class PrepareOptions:
    """How to prepare.

    Attributes:
        resolution: of the largest array, a power of two from 8 to 1024; None: the source's own.
        shape: the base (`models.families.progan.config`), height and width; pictures have its
            proportions.
        channels: 1 gray, 3 RGB, 4 RGBA; None: the source's own.
        fit: which pictures are accepted, see `training.data.decode.Shape`.
        strict: refuse the source at the first picture that cannot be used, instead of skipping it.
        workers: decoding processes; None: one for each core. Changes nothing in the result.
        licence: of the pictures, where the source does not know it.
        attribution: the credit that licence asks for.
        label_names: of the classes, where the source only numbers them.
    """

    resolution: int | None = None
    channels: int | None = None
    fit: Fit = "square"
    strict: bool = False
    workers: int | None = None
    licence: str = ""
    attribution: str = ""
    label_names: tuple[str, ...] = ()
    shape: Size = SQUARE

    def __post_init__(self) -> None:
        try:
            require_base(self.shape)
        except ValueError as error:
            raise DataError(f"--shape: {error}") from error
        if self.resolution is not None:
            require_resolution(self.resolution)
        if self.channels not in (None, *IMAGE_CHANNELS):
            raise DataError(f"channels must be one of {IMAGE_CHANNELS}, not {self.channels}")
        if self.fit not in FITS:
            raise DataError(f"fit must be one of {', '.join(FITS)}, not {self.fit!r}")
        if self.workers is not None and self.workers < 1:
            raise DataError(f"workers must be at least 1, not {self.workers}")

    def to_dict(self) -> dict[str, Any]:
        """What the manifest keeps: all that may change the result."""
        left_out = {"workers", *(() if self.label_names else ("label_names",))}
        left_out |= {"shape"} if self.shape == SQUARE else set()
        as_in_json = {"label_names": list(self.label_names), "shape": list(self.shape)}
        values = asdict(self) | as_in_json
        return {name: value for name, value in values.items() if name not in left_out}


@dataclass(frozen=True)
class PrepareProgress:
    """How far a preparation is; `note` is a sentence worth keeping on the screen, or empty."""

    done: int
    skipped: int
    total: int
    note: str = ""


Report = Callable[[PrepareProgress], None]


def prepare(source: str, out: Path, options: PrepareOptions, report: Report) -> Manifest:
    """Turn the pictures of `source` into the folder `out`.

    If `out` is there and was made from the same source with the same options, nothing is done.

    Raises:
        DataError: the source cannot be used, `out` is taken, the disk is too small, or no picture
            is left. `out` then is as it was.
    """
    present = find_present(source, out, options)
    if present:
        report(
            PrepareProgress(
                present.count, present.skipped, present.count, f"{out} is already there"
            )
        )
        return present
    pictures = open_source(source)
    shape = choose_shape(pictures, options)
    names_of_classes(pictures, options.label_names)  # refuse before any work
    chosen = "" if options.resolution else " (as the source suggests; --resolution changes it)"
    note = f"{pictures.count:,} pictures -> {describe(shape)}{chosen}"
    report(PrepareProgress(0, 0, pictures.count, note))
    try:
        require_space(out, pictures.count, shape)
        with atomic_folder(out) as folder:
            return write(pictures, shape, folder, options, report)
    except OSError as error:
        if error.errno in FULL_DISK:
            raise DataError(f"the disk is full, nothing was kept of {out}: {error}") from error
        raise DataError(f"{out} cannot be written: {error}") from error


def find_present(source: str, out: Path, options: PrepareOptions) -> Manifest | None:
    """The manifest of `out` if it answers the same request; None if there is no `out` yet.

    Raises:
        DataError: `out` is something else.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    if not (out / MANIFEST_FILE).exists():
        raise DataError(f"{out} exists and is no prepared folder: name another one")
    manifest = open_prepared(out).manifest
    if (manifest.source.location, manifest.options) != (source, options.to_dict()):
        raise DataError(
            f"{out} was prepared from {manifest.source.location} with {manifest.options}, which is "
            "not what is asked for now: name another folder, or delete this one"
        )
    return manifest


def choose_shape(pictures: PictureSource, options: PrepareOptions) -> Shape:
    """What was asked for, completed by what the source suggests."""
    natural = options.resolution or pictures.natural_resolution(options.shape)
    resolution = max(MIN_RESOLUTION, natural)
    return Shape(resolution, options.channels or pictures.channels, options.fit, options.shape)


def require_resolution(resolution: int) -> None:
    """Refuse what no network can have.

    Raises:
        DataError: it is not a power of two from 8 to 1024.
    """
    try:
        low_enough = level_of(resolution) < level_of(MIN_RESOLUTION)
    except ValueError:
        low_enough = True
    if low_enough:
        raise DataError(f"resolution must be a power of two from 8 to 1024, not {resolution}")


def describe(shape: Shape) -> str:
    """The shape in words."""
    colours = {1: "gray", 3: "RGB", 4: "RGBA"}[shape.channels]
    return f"{shape.size[1]}x{shape.size[0]}, {colours}"


def require_space(out: Path, count: int, shape: Shape) -> None:
    """Refuse if the arrays do not fit on the disk.

    Raises:
        DataError: with what is needed and what is free.
    """
    needed = pyramid_bytes(count, shape.resolution, shape.channels, shape.base)
    out.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(out.parent).free
    if needed > free:
        raise DataError(
            f"{count:,} pictures, {describe(shape)}, take {needed / 1e9:.1f} GB at all "
            f"resolutions; {out.parent} has {free / 1e9:.1f} GB free: "
            "free some, name another folder or a lower --resolution"
        )


def write(
    pictures: PictureSource, shape: Shape, folder: Path, options: PrepareOptions, report: Report
) -> Manifest:
    """Fill `folder` and return its manifest, written last."""
    decoder = pictures.decoder(shape)
    size = pyramid_bytes(1, shape.resolution, shape.channels, shape.base)
    workers = options.workers or os.cpu_count() or 1
    chunks = decode_all(pictures.entries(), decoder, size, workers)
    labels = ArrayWriter(folder / LABELS_FILE, (), np.int64)
    skipped = SkippedWriter(folder / SKIPPED_FILE, options.strict)
    with ExitStack() as stack:
        stack.callback(chunks.close)
        stack.callback(labels.abandon)
        stack.callback(skipped.abandon)
        writer = PyramidWriter(folder, shape.resolution, shape.channels, shape.base)
        pyramid = stack.enter_context(writer)
        for chunk in chunks:
            skipped.append(chunk.skipped)
            if chunk.levels:
                pyramid.append(chunk.levels)
            labels.append(np.array(chunk.labels, np.int64))
            report(PrepareProgress(labels.count + skipped.count, skipped.count, pictures.count))
        labels.close()
        skipped.close()
    if not labels.count:
        raise DataError(f"none of {skipped.count:,} pictures can be used: {skipped.reasons()}")
    if not pictures.label_names:
        labels.path.unlink()
    manifest = Manifest(
        source=credited(pictures, options),
        count=labels.count,
        channels=shape.channels,
        resolution=shape.resolution,
        images=pyramid.records(),
        labels=labels.record() if pictures.label_names else None,
        label_names=names_of_classes(pictures, options.label_names),
        skipped=skipped.count,
        skipped_first=tuple(skipped.first),
        options=options.to_dict(),
        base=shape.base,
    )
    write_durably(folder / MANIFEST_FILE, manifest.to_json())
    return manifest


def credited(pictures: PictureSource, options: PrepareOptions) -> Source:
    """The origin of the pictures, with the licence and credit a person gave, if any."""
    origin = pictures.origin
    return replace(
        origin,
        licence=options.licence or origin.licence,
        attribution=options.attribution or origin.attribution,
    )
