"""The search for training pictures that a generator remembers."""

import numpy as np
import pytest
from scipy.spatial import KDTree

from training.quality.neighbours import nearest_neighbours, sheet_of
from training.quality.pictures import PictureSet


def cloud(count: int, seed: int) -> np.ndarray:
    """Normal points."""
    return np.random.default_rng(seed).standard_normal((count, 4))


def test_neighbours_are_those_of_scipys_tree() -> None:
    """Nearest first, with their distances."""
    real, generated = cloud(80, 0), cloud(30, 1)

    found = nearest_neighbours(real, generated)

    distances, places = KDTree(real).query(generated, k=5)
    assert found.places.tolist() == places.tolist()
    np.testing.assert_allclose(found.distances, distances, atol=1e-6)


def test_the_ratio_tells_copies_from_new_pictures() -> None:
    """About 1 for more of the same kind, about 0 for training pictures with a scratch."""
    real = cloud(400, 0)

    assert nearest_neighbours(real, cloud(400, 1)).ratio == pytest.approx(1.0, abs=0.15)
    assert nearest_neighbours(real, real[:50] + 1e-4).ratio < 0.01
    usual = np.median(KDTree(real).query(real, k=2)[0][:, 1])
    expected = np.median(KDTree(real).query(cloud(9, 1))[0]) / usual
    assert nearest_neighbours(real, cloud(9, 1)).ratio == pytest.approx(expected)


def test_one_copy_among_a_hundred_makes_the_low_ratio_0() -> None:
    """Where the median knows nothing of it; the same of real pictures is there to compare."""
    real, generated = cloud(400, 0), cloud(100, 1)
    new = nearest_neighbours(real, generated)
    generated[50] = real[333]
    found = nearest_neighbours(real, generated)

    apart = KDTree(real).query(real, k=2)[0][:, 1]
    lowest = np.sort(apart)[3]  # of 400, a hundredth
    assert new.low == pytest.approx(KDTree(real).query(cloud(100, 1))[0].min() / np.median(apart))
    assert new.low > 0.1
    assert found.low == pytest.approx(0, abs=1e-6)
    assert found.ratio == pytest.approx(new.ratio, rel=0.05)
    assert found.low_of_real == pytest.approx(lowest / np.median(apart))


def test_an_equal_picture_is_not_the_nearest_other() -> None:
    """Said of two halves that are equal, the measure is that of one half."""
    half, generated = cloud(50, 0), cloud(20, 1)
    twice = np.concatenate([half, half])

    found = nearest_neighbours(twice, generated, duplicates=np.arange(100) % 50)

    assert found.ratio == pytest.approx(nearest_neighbours(half, generated).ratio)
    assert nearest_neighbours(twice, generated).ratio == float("inf")


def test_the_measure_may_be_that_of_the_first_real_pictures() -> None:
    """Their nearest others are still searched among all."""
    real, generated = cloud(80, 0), cloud(20, 1)

    found = nearest_neighbours(real, generated, measured=30)

    apart = KDTree(real).query(real[:30], k=2)[0][:, 1]
    nearest = KDTree(real).query(generated)[0]
    assert found.ratio == pytest.approx(np.median(nearest) / np.median(apart))


def test_the_sheet_shows_the_closest_and_then_the_first() -> None:
    """Each beside its neighbours; here a picture is filled with its number."""
    values = np.arange(20, dtype=np.uint8)
    array = np.broadcast_to(values[:, None, None, None], (20, 64, 64, 1)).copy()
    real = PictureSet(array, np.arange(10, 20))  # place 0 shows 10
    generated = PictureSet(array, np.arange(10))
    features = np.arange(10, dtype=np.float64)[:, None]
    offsets = np.array([0.4, 0.3, 0.2, 0.1, 0.0, 0.05, 0.15, 0.25, 0.35, 0.45])

    found = nearest_neighbours(features, features + offsets[:, None], k=2)
    sheet = np.asarray(sheet_of(real, generated, found))[32::64, 32::64]

    assert sheet[:, 0].tolist() == [4, 5, 3, 6, 2, 7, 0, 1, 2, 3, 4, 5]
    assert sheet[:, 1].tolist() == [14, 15, 13, 16, 12, 17, 10, 11, 12, 13, 14, 15]
    assert sheet.shape == (12, 3)


def test_small_sets_are_shown_as_far_as_they_go() -> None:
    """Three real pictures are all the neighbours there are."""
    pictures = PictureSet(np.zeros((4, 8, 8, 3), np.uint8), np.arange(3))

    found = nearest_neighbours(cloud(3, 0), cloud(2, 1))

    assert found.places.shape == (2, 3)
    assert sheet_of(pictures, pictures.first(2), found).size == (4 * 64, 4 * 64)


def test_doubles_among_real_pictures_make_no_division_by_zero() -> None:
    """If most real pictures look the same, or all are equal, the ratios have no measure."""
    same, few = np.zeros((5, 2)), cloud(3, 0)[:, :2]

    for duplicates in (None, np.zeros(5, np.int64)):
        found = nearest_neighbours(same, few, duplicates=duplicates)
        assert {found.ratio, found.low, found.low_of_real} == {float("inf")}


@pytest.mark.parametrize(("real", "generated"), [(1, 5), (5, 0)])
def test_too_few_pictures_are_refused(real: int, generated: int) -> None:
    """Two real pictures at least, for the measure."""
    with pytest.raises(ValueError, match="two real pictures and a generated one"):
        nearest_neighbours(cloud(real, 0), cloud(generated, 1))
