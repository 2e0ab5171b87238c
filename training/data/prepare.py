"""Preparation: pictures from any source -> one array per resolution, and a manifest.

Owns the order of the steps and these guarantees: every picture is decoded once, memory is bounded,
the result does not depend on the number of processes, and the folder is created atomically.
Knows no kind of source and nothing of training.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.picture import range_text
from models.resolution import MIN_RESOLUTION
from training.atomic_folder import atomic_folder, clear_abandoned, write_durably
from training.data.depth import FewValues
from training.data.gray16 import RangeUse, range_of_data
from training.data.labels import finished_labels
from training.data.manifest import (
    LABELS_FILE,
    MANIFEST_FILE,
    SKIPPED_FILE,
    DataError,
    Manifest,
    Source,
)
from training.data.options import PrepareOptions
from training.data.present import find_present, require_apart, require_replaceable
from training.data.pyramid import ArrayWriter, PyramidWriter, pyramid_bytes
from training.data.shape import Shape
from training.data.skipped import SkippedWriter
from training.data.sources.opening import Location, open_source
from training.data.sources.pictures import PictureSource, names_of_classes
from training.data.sources.state import STATE_FILE, state_json
from training.data.worker_pool import decode_all

FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class PrepareProgress:
    """Progress of a preparation; `note` is a message that stays on the screen, or empty."""

    done: int
    skipped: int
    total: int
    note: str = ""


Report = Callable[[PrepareProgress], None]


def prepare(
    source: Location, out: Path, options: PrepareOptions, report: Report, *, replace: bool = False
) -> Manifest:
    """Turn the pictures of `source` into the folder `out`.

    Does nothing if `out` exists and was made from the same source with the same options.

    Args:
        source: see `training.data.sources.opening.open_source`; several are domains.
        out: the folder to create.
        options: the settings.
        report: called with the progress and with every message for the user.
        replace: prepare again, and replace an existing prepared folder.

    Raises:
        DataError: the source is unusable or has changed since `out` was prepared, `out` is no
            prepared folder or one of another request, the disk is too small, or no picture is
            usable. `out` is then unchanged.
    """
    clear_abandoned(out)
    require_apart(source, out)
    if replace:
        require_replaceable(out)
    elif present := find_present(source, out, options):
        manifest, note = present
        report(PrepareProgress(manifest.count, manifest.skipped, manifest.count, note))
        return manifest
    pictures = open_source(source)
    shape = choose_shape(pictures, options)
    names_of_classes(pictures, options.label_names)  # fail before any work
    chosen = "" if options.resolution else " (as the source suggests; --resolution changes it)"
    note = f"{pictures.count:,} pictures -> {describe(shape)}{chosen}"
    report(PrepareProgress(0, 0, pictures.count, note))
    try:
        require_space(out, pictures.count, shape)
        with atomic_folder(out, replace=replace) as folder:
            return write(pictures, shape, folder, options, report)
    except OSError as error:
        if error.errno in FULL_DISK:
            raise DataError(f"the disk is full, nothing was kept of {out}: {error}") from error
        raise DataError(f"{out} cannot be written: {error}") from error


def choose_shape(pictures: PictureSource, options: PrepareOptions) -> Shape:
    """The requested shape, completed by the suggestions of the source."""
    natural = options.resolution or pictures.natural_resolution(options.shape)
    resolution = max(MIN_RESOLUTION, natural)
    channels = 1 if options.bit_depth == 16 else pictures.channels
    return Shape(
        resolution,
        options.channels or channels,
        options.fit,
        options.shape,
        options.value_range,
        options.keep_profile,
        options.bit_depth,
    )


def describe(shape: Shape) -> str:
    """Describe the shape for a message."""
    colours = {1: "gray", 3: "RGB", 4: "RGBA"}[shape.channels]
    if value_range := range_of_data(shape):
        colours += f" of 16 bits, values {range_text(value_range)}"
    return f"{shape.size[1]}x{shape.size[0]}, {colours}"


def require_space(out: Path, count: int, shape: Shape) -> None:
    """Check that the arrays fit on the disk.

    Raises:
        DataError: they do not; the message states the needed and the free space.
    """
    needed = pyramid_bytes(count, shape.resolution, shape.channels, shape.base, shape.bit_depth)
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
    """Write all files into `folder` and return the manifest, which is written last."""
    decoder = pictures.decoder(shape)
    size = pyramid_bytes(1, shape.resolution, shape.channels, shape.base, shape.bit_depth)
    workers = options.workers or os.cpu_count() or 1
    chunks = decode_all(pictures.entries(), decoder, size, workers)
    labels = ArrayWriter(folder / LABELS_FILE, (), np.int64)
    skipped = SkippedWriter(folder / SKIPPED_FILE, options.strict)
    notes, value_range = Counter[str](), range_of_data(shape)
    values = RangeUse(value_range) if value_range else FewValues()
    with ExitStack() as stack:
        stack.callback(chunks.close)
        stack.callback(labels.abandon)
        stack.callback(skipped.abandon)
        writer = PyramidWriter(
            folder, shape.resolution, shape.channels, shape.base, shape.bit_depth
        )
        pyramid = stack.enter_context(writer)
        for chunk in chunks:
            skipped.append(chunk.skipped)
            if chunk.levels:
                pyramid.append(chunk.levels)
                values.add(chunk.levels[-1])
            notes.update(chunk.notes)
            labels.append(np.array(chunk.labels, np.int64))
            report(PrepareProgress(labels.count + skipped.count, skipped.count, pictures.count))
        labels.close()
        skipped.close()
    if not labels.count:
        raise DataError(f"none of {skipped.count:,} pictures can be used: {skipped.reasons()}")
    names = names_of_classes(pictures, options.label_names)
    record, used = finished_labels(folder, labels, names)
    manifest = Manifest(
        source=credited(pictures, options),
        count=labels.count,
        channels=shape.channels,
        resolution=shape.resolution,
        images=pyramid.records(),
        labels=record,
        label_names=used,
        skipped=skipped.count,
        skipped_first=tuple(skipped.first),
        options=options.to_dict(),
        base=shape.base,
        notes=dict(sorted(notes.items())),
        passed_over=pictures.passed_over,
        empty_classes=tuple(name for name in names if name not in used),
        bit_depth=shape.bit_depth,
        value_range=value_range,
    )
    if pictures.state:
        write_durably(folder / STATE_FILE, state_json(pictures.state))
    write_durably(folder / MANIFEST_FILE, manifest.to_json())
    if warning := values.warning():
        report(PrepareProgress(pictures.count, skipped.count, pictures.count, warning))
    return manifest


def credited(pictures: PictureSource, options: PrepareOptions) -> Source:
    """The origin of the pictures; licence and attribution of `options` take precedence."""
    origin = pictures.origin
    return replace(
        origin,
        licence=options.licence or origin.licence,
        attribution=options.attribution or origin.attribution,
    )
