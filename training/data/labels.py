"""The labels of a prepared folder, without the classes that have no pictures.

Owns `labels.npy`. Knows no source.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.manifest import LABELS_FILE, ArrayFile
from training.data.pyramid import ArrayWriter


def finished_labels(
    folder: Path, writer: ArrayWriter, names: tuple[str, ...]
) -> tuple[ArrayFile | None, tuple[str, ...]]:
    """Drop classes without pictures; return the record of `labels.npy` and the remaining names.

    A class without pictures would otherwise be trained, exported and served. The other classes are
    renumbered in the same order. With fewer than two of them the data set has no classes, and the
    file is deleted.

    Args:
        folder: the folder in preparation.
        writer: closed; wrote the class numbers, -1 without classes.
        names: class names; empty without classes.
    """
    if not names:
        writer.path.unlink()
        return None, ()
    labels: NDArray[np.int64] = np.load(writer.path)
    used: list[int] = np.unique(labels).tolist()
    if len(used) == len(names):
        return writer.record(), names
    if len(used) < 2:
        writer.path.unlink()
        return None, ()
    again = ArrayWriter(folder / LABELS_FILE, (), np.int64)
    again.append(np.searchsorted(used, labels))
    again.close()
    return again.record(), tuple(names[number] for number in used)
