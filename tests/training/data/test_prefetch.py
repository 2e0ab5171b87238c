"""Batches that are read ahead are those that are asked for."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.training.prepared import write_prepared
from training.data.prefetch import BatchReader
from training.data.stream import ALL, ImageStream, Prepared, open_prepared


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    """A dozen pictures in three classes."""
    return open_prepared(write_prepared(tmp_path / "data", 16, classes=3))


def test_batches_ahead_equal_those_that_are_read_when_asked_for(prepared: Prepared) -> None:
    """Across epochs, at another resolution or place, and of a share."""
    places = [(8, 0, 4, ALL), (8, 4, 4, ALL), (16, 8, 4, ALL), (16, 12, 2, slice(1, None, 2))]
    places += [(16, 14, 2, slice(1, None, 2)), (8, 0, 30, ALL), (8, 30, 30, ALL)]
    stream = ImageStream(prepared, seed=3, mirror=True)
    with closing(BatchReader(ImageStream(prepared, seed=3, mirror=True), ahead=True)) as ahead:
        for place in places:
            pixels, classes = ahead.read(*place)
            assert np.array_equal(pixels, stream.batch(*place))
            expected = stream.labels(*place[1:])
            assert classes is not None
            assert expected is not None
            assert np.array_equal(classes, expected)


@pytest.mark.parametrize("ahead", [False, True])
def test_another_stream_is_read_from_the_next_batch_on(prepared: Prepared, ahead: bool) -> None:
    """What was read ahead of the old one is dropped."""
    plain, mirrored = (ImageStream(prepared, seed=3, mirror=mirror) for mirror in (False, True))
    with closing(BatchReader(plain, ahead=ahead)) as reader:
        reader.read(8, 0, 4)
        reader.use(mirrored)
        pixels, _ = reader.read(8, 4, 4)

    assert np.array_equal(pixels, ImageStream(prepared, seed=3, mirror=True).batch(8, 4, 4))


def test_an_error_of_reading_is_that_of_its_batch(prepared: Prepared) -> None:
    """Not one of a batch that nobody asks for."""
    with closing(BatchReader(ImageStream(prepared, seed=3), ahead=True)) as reader:
        with pytest.raises(ValueError, match="has an image"):
            reader.read(8, 0, 0)
        assert len(reader.read(8, 0, 3).pixels) == 3
