"""The labels of a prepared folder, and classes that none of its pictures has.

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
    """The record of the closed `writer`'s file, and the classes that have pictures.

    A class without pictures would be trained, exported and served: it is left out, and the others
    are numbered anew, in the same order. If fewer than two are left, there are no classes, and no
    file of them.

    Args:
        folder: that is being prepared.
        writer: of the numbers of `names`, -1 without classes.
        names: of the classes; empty without.
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
