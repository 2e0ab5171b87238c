"""The score of pictures by a reader of parts."""

from dataclasses import replace

import numpy as np
import pytest

from training.quality.parts.known import COLOUR, SHAPE, Part
from training.quality.parts.network import PartNetwork
from training.quality.parts.reader import PartReader, Reading, Trust
from training.quality.parts.score import distance_of, score_parts

PARTS = (
    Part("hair", SHAPE, ("a", "b")),
    Part("eyes", SHAPE, ("c", "d")),
    Part("skin", COLOUR, ("e", "f")),
)
GOOD = Trust(1.0, 1.0, 1.0)


def reader_of(*trust: Trust) -> PartReader:
    """A reader of three parts whose values are equally frequent."""
    network = PartNetwork(3, (8, 8), [2, 2, 2])
    return PartReader(network, PARTS, (np.array([0.5, 0.5]),) * 3, trust, 10, 8, (8, 8))


def reading_of(values: list[list[int]], confidence: float = 1.0, seed: int = 0) -> Reading:
    """A reading with random features."""
    features = np.random.default_rng(seed).random((len(values), 128)).astype(np.float32)
    sure = np.full((len(values), 3), confidence, np.float32)
    return Reading(np.array(values), sure, features)


EVERY = [[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]


def test_pictures_with_every_combination_score_as_the_data() -> None:
    """All sure, no distance, four combinations of the two shapes."""
    score = score_parts(reader_of(GOOD, GOOD, GOOD), reading_of(EVERY), reading_of(EVERY))

    assert (score.pictures, score.all_sure, score.shapes_sure) == (8, 1.0, 1.0)
    assert (score.distance, score.combinations, score.recall) == (0.0, 4, 1.0)
    assert abs(score.kid) < 1.0


def test_a_generator_of_one_picture_is_sure_and_far_from_the_data() -> None:
    """Half of the frequency is at the wrong value of each part, and there is one combination."""
    shown = reading_of([[0, 0, 0]] * 8)

    score = score_parts(reader_of(GOOD, GOOD, GOOD), reading_of(EVERY), shown)

    assert (score.all_sure, score.distance, score.combinations) == (1.0, 0.5, 1)


def test_pictures_of_which_nothing_is_sure_have_no_combination() -> None:
    """However varied the likeliest values are; their frequencies count as wholly wrong."""
    shown = reading_of(EVERY, confidence=0.6)

    score = score_parts(reader_of(GOOD, GOOD, GOOD), reading_of(EVERY), shown)

    assert (score.all_sure, score.combinations, score.distance) == (0.0, 0, 1.0)
    assert set(score.sure.values()) == {0.0}


def test_a_part_that_the_reader_cannot_read_does_not_count() -> None:
    """Neither as unsure nor as a combination."""
    shown = reading_of(EVERY)
    shown.confidence[:, 1] = 0.3

    score = score_parts(reader_of(GOOD, Trust(0.3, 0.0, 1.0), GOOD), reading_of(EVERY), shown)

    assert (score.all_sure, score.combinations) == (1.0, 4)  # of hair and skin
    assert set(score.sure) == {"hair", "skin"}


def test_the_scale_of_the_features_changes_nothing() -> None:
    """KID is measured on features of unit mean square."""
    reader, reference = reader_of(GOOD, GOOD, GOOD), reading_of(EVERY)
    shown = reading_of(EVERY, seed=1)
    larger, more = (
        replace(reading, features=reading.features * 8) for reading in (reference, shown)
    )

    once = score_parts(reader, reference, shown)
    again = score_parts(reader, larger, more)

    assert again.kid == pytest.approx(once.kid, rel=1e-5)
    assert again.recall == once.recall


def test_the_distance_of_frequencies_is_half_the_sum_of_differences() -> None:
    """From 0 to 1; without any picture it is 1."""
    shares = np.array([0.25, 0.25, 0.5])

    assert distance_of(np.array([0, 1, 2, 2]), shares) == 0.0
    assert distance_of(np.array([0, 0]), shares) == 0.75
    assert distance_of(np.array([], np.int64), shares) == 1.0


def test_three_pictures_are_too_few() -> None:
    """Recall needs a third neighbour."""
    few = reading_of(EVERY[:3])

    with pytest.raises(ValueError, match="more than 3 pictures"):
        score_parts(reader_of(GOOD, GOOD, GOOD), few, few)
