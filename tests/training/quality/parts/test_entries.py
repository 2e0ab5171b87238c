"""The entries of a reader of parts in a report."""

from contextlib import nullcontext

import numpy as np
import pytest

from tests.training.patterns import KINDS, pattern
from training.data.stream import Prepared
from training.progress_bar import OnProgress, ignore_progress
from training.quality.parts.entries import measure_parts
from training.quality.parts.reader import PartReader
from training.quality.pictures import PictureSet
from training.quality.report import METRIC_DIRECTIONS, Metric


def measured(generated: np.ndarray, prepared: Prepared) -> dict[str, Metric]:
    """The entries of some pictures."""

    def open_progress(_: str) -> nullcontext[OnProgress]:
        return nullcontext(ignore_progress)

    pictures = PictureSet(generated, np.arange(len(generated)))
    return measure_parts(pictures, prepared, 8, 0, open_progress)


def test_good_pictures_are_recognised_and_noise_is_not(
    patterns: Prepared, reader: PartReader
) -> None:
    """New patterns count as real ones do; noise has no parts."""
    random = np.random.default_rng(3)
    good = measured(np.stack([pattern(KINDS[n % 3], random) for n in range(30)]), patterns)
    noise = measured(random.integers(0, 256, (30, 8, 8, 3), np.uint8), patterns)

    assert good["parts_sure"]["value"] > 0.9
    assert good["parts_sure"]["real_pictures"] > 0.9
    assert good["parts_combinations"]["value"] == 3
    assert good["parts_distance"]["value"] < 0.1
    assert noise["parts_sure"]["value"] < 0.2
    assert noise["parts_kid"]["value"] > good["parts_kid"]["value"]
    assert noise["parts_recall"]["value"] < good["parts_recall"]["value"]


def test_every_entry_tells_its_method_and_the_number_of_real_pictures(
    patterns: Prepared, reader: PartReader
) -> None:
    """And stands in the list of metrics."""
    entries = measured(np.asarray(patterns.images(8))[:30], patterns)

    assert list(entries) == [name for name in METRIC_DIRECTIONS if name.startswith("parts_")]
    for entry in entries.values():
        assert "8 px" in entry["how"]
        assert "real_pictures" in entry
        assert entry["images"] == 25


def test_data_without_known_parts_has_no_entries(
    prepared: Prepared, labelled: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is said of data without parts, and a reason given where there is too little data."""
    pictures = np.zeros((12, 8, 8, 3), np.uint8)

    assert measured(pictures, prepared) == {}
    assert capsys.readouterr().err == ""
    assert measured(pictures, labelled) == {}
    assert "has 12 pictures" in capsys.readouterr().err
