"""A dozen random pictures in a prepared folder, written without the preparation itself."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.layout import file_sha256
from models.picture import ValueRange
from models.resolution import SQUARE, Size, level_of, resolution_of, size_of
from training.data.manifest import (
    LABELS_FILE,
    MANIFEST_FILE,
    ArrayFile,
    Manifest,
    Source,
    images_file,
)


def write_prepared(
    folder: Path,
    resolution: int = 8,
    count: int = 12,
    channels: int = 3,
    seed: int = 0,
    classes: int = 0,
    base: Size = SQUARE,
    value_range: ValueRange | None = None,
) -> Path:
    """Random pictures at every resolution up to `resolution`, in `classes`; the folder is made.

    With a `value_range` they are gray pictures of 16 bits.
    """
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    kind, channels = (np.uint16, 1) if value_range else (np.uint8, channels)
    shape = (count, *size_of(resolution, base), channels)
    pictures = random.integers(0, np.iinfo(kind).max + 1, shape, kind)
    files: list[ArrayFile] = []
    for level in reversed(range(level_of(resolution) + 1)):
        files.insert(0, _write(folder / images_file(resolution_of(level)), pictures))
        if level:
            n, height, width, _ = pictures.shape
            blocks = pictures.reshape(n, height // 2, 2, width // 2, 2, channels)
            pictures = blocks.mean(axis=(2, 4)).astype(kind)
    labels = random.integers(0, classes, count) if classes else None
    manifest = Manifest(
        source=Source("folder", "noise", "nowhere", "CC0-1.0", "Zoë, “nobody”"),
        count=count,
        channels=channels,
        resolution=resolution,
        images=tuple(files),
        labels=None if labels is None else _write(folder / LABELS_FILE, labels),
        label_names=tuple(f"class {n}" for n in range(classes)),
        skipped=0,
        skipped_first=(),
        options={},
        base=base,
        bit_depth=16 if value_range else 8,
        value_range=value_range,
    )
    (folder / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    return folder


def _write(path: Path, array: NDArray[np.uint8 | np.uint16] | NDArray[np.int64]) -> ArrayFile:
    np.save(path, array)
    return ArrayFile(path.name, array.shape, path.stat().st_size, file_sha256(path))
