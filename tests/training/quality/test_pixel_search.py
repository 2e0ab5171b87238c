"""The quick search by colour: beside scipy, in pieces and in one; pictures made small for it."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from training.data.stream import Prepared
from training.quality import pixel_search
from training.quality.pixel_search import downsample_to, nearest_pixels, to_points


@pytest.mark.parametrize(("at_once", "points_at_once"), [(4_096, 1_024), (7, 3), (2, 1)])
def test_the_search_agrees_with_scipy(
    make_prepared: Callable[..., Prepared],
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
    points_at_once: int,
) -> None:
    """Over some of the pictures only, whose places are given; in one piece or in many."""
    monkeypatch.setattr(pixel_search, "SEARCHED_AT_ONCE", at_once)
    monkeypatch.setattr(pixel_search, "POINTS_AT_ONCE", points_at_once)
    array = np.asarray(make_prepared(count=50).images(8))
    numbers = np.arange(49, -1, -2)
    points = to_points(array[:4])

    expected = np.argsort(cdist(points, to_points(array[numbers])), axis=1)[:, :3]

    assert (nearest_pixels(points, array, numbers, 3) == expected).all()


def test_there_are_no_more_neighbours_than_pictures(prepared: Prepared) -> None:
    """All of them, in order; of no points there are none."""
    array = prepared.images(8)
    points = to_points(array[:2])

    assert nearest_pixels(points, array, np.arange(5), 9)[:, 0].tolist() == [0, 1]
    assert np.sort(nearest_pixels(points, array, np.arange(5), 9)).tolist() == [[0, 1, 2, 3, 4]] * 2
    assert nearest_pixels(points[:0], array, np.arange(5), 3).shape == (0, 3)


def test_pictures_are_halved_until_they_fit() -> None:
    """Each pixel the mean of a block; smaller ones stay."""
    pictures = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8, 1)

    assert downsample_to(pictures, 4)[0, 0, 1, 0] == round((2 + 3 + 10 + 11) / 4)
    assert downsample_to(pictures, 4).shape == (2, 4, 4, 1)
    assert downsample_to(pictures, 2).shape == (2, 2, 2, 1)
    assert downsample_to(pictures, 16) is pictures
