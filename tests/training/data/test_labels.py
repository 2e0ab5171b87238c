"""Labels, and classes without pictures."""

from pathlib import Path

import numpy as np
import pytest

from training.data.labels import finished_labels
from training.data.manifest import LABELS_FILE
from training.data.pyramid import ArrayWriter


def written(folder: Path, labels: list[int]) -> ArrayWriter:
    """A closed file of these."""
    writer = ArrayWriter(folder / LABELS_FILE, (), np.int64)
    writer.append(np.array(labels, np.int64))
    writer.close()
    return writer


@pytest.mark.parametrize(
    ("labels", "kept", "names"),
    [
        ([0, 2, 1, 2], [0, 2, 1, 2], ("a", "b", "c")),
        ([2, 0, 2], [1, 0, 1], ("a", "c")),
        ([2, 1, 1], [1, 0, 0], ("b", "c")),
    ],
)
def test_classes_without_pictures_are_left_out(
    tmp_path: Path, labels: list[int], kept: list[int], names: tuple[str, ...]
) -> None:
    """The others keep their order and their names."""
    record, used = finished_labels(tmp_path, written(tmp_path, labels), ("a", "b", "c"))

    assert used == names
    assert record is not None
    assert record.shape == (len(labels),)
    assert np.load(tmp_path / LABELS_FILE).tolist() == kept


@pytest.mark.parametrize(("labels", "names"), [([1, 1], ("a", "b")), ([-1, -1], ())])
def test_one_class_is_none(tmp_path: Path, labels: list[int], names: tuple[str, ...]) -> None:
    """Nor is there a file then."""
    assert finished_labels(tmp_path, written(tmp_path, labels), names) == (None, ())
    assert list(tmp_path.iterdir()) == []
