"""Reading of parts, and what is known of the reader's errors."""

from dataclasses import replace

import numpy as np

from tests.training.patterns import KINDS, pattern
from training.data.stream import Prepared
from training.quality.parts.reader import PartReader, Trust
from training.quality.pictures import PictureSet


def new_patterns(size: int, count: int = 30) -> tuple[PictureSet, np.ndarray]:
    """Patterns that no reader has learned from, and their classes."""
    random = np.random.default_rng(7)
    classes = np.arange(count) % len(KINDS)
    pictures = np.stack([pattern(KINDS[n], random) for n in classes])
    factor = size // 8
    large = pictures.repeat(factor, axis=1).repeat(factor, axis=2)
    return PictureSet(large, np.arange(count)), classes


def test_a_reader_names_the_parts_of_pictures_it_never_saw(reader: PartReader) -> None:
    """And is sure of them."""
    pictures, classes = new_patterns(8)

    reading = reader.read(pictures)

    np.testing.assert_array_equal(reading.values[:, 0], classes)
    assert reading.sure.mean() > 0.9
    assert reading.features.shape == (30, 128)


def test_larger_pictures_are_averaged_to_the_size_of_the_reader(reader: PartReader) -> None:
    """Four times as large, with each pixel four times in both directions, they are the same."""
    small, large = reader.read(new_patterns(8)[0]), reader.read(new_patterns(32)[0])

    np.testing.assert_array_equal(small.confidence, large.confidence)


def test_a_reading_does_not_depend_on_the_other_pictures(reader: PartReader) -> None:
    """Up to the rounding of sums in other orders."""
    pictures, _ = new_patterns(8)

    alone = reader.read(pictures.first(1))
    together = reader.read(pictures).first(1)

    np.testing.assert_allclose(alone.features, together.features, rtol=1e-4, atol=1e-5)


def test_a_reader_knows_its_errors_on_held_out_pictures(
    reader: PartReader, patterns: Prepared
) -> None:
    """A third of the pictures is held out, and the frequencies are those of the data."""
    assert reader.held_out == 50
    assert reader.trust[0].accuracy > 0.9
    assert reader.trust[0].right >= reader.trust[0].accuracy
    np.testing.assert_allclose(reader.shares[0], [1 / 3] * 3)


def test_parts_that_it_cannot_read_are_not_judged(reader: PartReader) -> None:
    """Unless it can read none: then all are, and the table shows how badly."""
    unreadable = Trust(accuracy=0.4, sure=0.1, right=0.6)
    both = replace(reader, parts=reader.parts * 2, trust=(reader.trust[0], unreadable))

    assert both.judged == (0,)
    assert replace(both, trust=(unreadable, unreadable)).judged == (0, 1)
