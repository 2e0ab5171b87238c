"""The training pictures worth a closer look, and those that are equal."""

from collections.abc import Callable

import numpy as np
import pytest

from models.picture import Pixels
from training.data.manifest import images_file
from training.data.stream import Prepared
from training.quality.candidates import duplicates_of, with_copy_candidates
from training.quality.pictures import PictureSet, choose_real


def replaced(prepared: Prepared, resolution: int, pictures: Pixels) -> None:
    """Other pictures of the same size in the files of a prepared folder."""
    assert prepared.images(resolution).shape == pictures.shape
    np.save(prepared.folder / images_file(resolution), pictures)


def test_a_copy_of_any_training_picture_finds_it(make_prepared: Callable[..., Prepared]) -> None:
    """Far outside of those that are looked at anyway, even if it is darker; once for two copies."""
    prepared = make_prepared(count=400, resolution=32)
    array = prepared.images(32)
    real = choose_real(array, 10, seed=0).first(2)
    outside = np.setdiff1d(np.arange(400), real.numbers)[[7, 100, 100, 390]]
    copies = (array[outside] * 0.95).astype(np.uint8)

    searched = with_copy_candidates(real, PictureSet(copies, np.arange(4)), prepared, 32)

    assert searched.numbers[:2].tolist() == real.numbers.tolist()
    assert set(outside.tolist()) <= set(searched.numbers.tolist())
    assert len(set(searched.numbers.tolist())) == len(searched) <= 2 + 3 + 2


def test_real_pictures_find_the_one_most_alike_but_themselves(
    make_prepared: Callable[..., Prepared],
) -> None:
    """As generated ones do: here the second half repeats the first with a little noise."""
    prepared = make_prepared(count=60)
    for resolution in (4, 8):
        array = np.array(prepared.images(resolution))
        array[30:] = array[:30] // 2 + array[:30] // 4 + 30
        replaced(prepared, resolution, array)
    real = PictureSet(prepared.images(8), np.array([3, 17]))

    searched = with_copy_candidates(real, real, prepared, 8)

    assert searched.numbers.tolist() == [3, 17, 33, 47]


def test_an_equal_picture_is_no_other_one(make_prepared: Callable[..., Prepared]) -> None:
    """Of a data set that has every picture twice, the most alike that differs is chosen."""
    prepared = make_prepared(count=60)
    for resolution in (4, 8):
        array = np.array(prepared.images(resolution))
        array[30:] = array[:30]
        replaced(prepared, resolution, array)
    array = prepared.images(8)
    real = PictureSet(array, np.array([3]))

    searched = with_copy_candidates(real, real, prepared, 8)

    squares = np.square(array[:30] / 255 - array[3] / 255).sum(axis=(1, 2, 3))
    other = int(np.argsort(squares)[1])
    assert searched.numbers[0] == 3
    assert {n % 30 for n in searched.numbers[1:].tolist()} == {other}


def test_pictures_alike_at_a_glance_are_told_apart_at_64_pixels(
    make_prepared: Callable[..., Prepared],
) -> None:
    """Eight training pictures that are the same at 16 pixels."""
    prepared = make_prepared(count=8, resolution=32)
    replaced(prepared, 16, np.zeros_like(prepared.images(16)))
    array = prepared.images(32)
    real = PictureSet(array, np.array([0, 1]))

    searched = with_copy_candidates(real, PictureSet(array, np.array([6])), prepared, 32)

    assert 6 in searched.numbers[2:].tolist()


def test_where_all_pictures_are_equal_there_is_no_other(
    make_prepared: Callable[..., Prepared],
) -> None:
    """The real ones stay alone with what the generated one finds."""
    prepared = make_prepared(count=20)
    for resolution in (4, 8):
        replaced(prepared, resolution, np.zeros_like(prepared.images(resolution)))
    real = PictureSet(prepared.images(8), np.array([0, 1]))

    assert len(with_copy_candidates(real, real.first(1), prepared, 8)) <= 3


@pytest.mark.parametrize("channels", [1, 4])
def test_pictures_that_are_not_square_are_searched(
    make_prepared: Callable[..., Prepared], channels: int
) -> None:
    """Gray, and with transparency."""
    prepared = make_prepared(count=30, resolution=32, channels=channels, base=(4, 6))
    array = prepared.images(32)
    real = PictureSet(array, np.array([0, 1]))

    searched = with_copy_candidates(real, PictureSet(array, np.array([20])), prepared, 32)

    assert 20 in searched.numbers.tolist()


def test_doubles_are_numbered_by_the_first_of_them() -> None:
    """Equal in every byte; pictures that differ in one are others."""
    array = np.zeros((4, 8, 8, 3), np.uint8)
    array[2, 7, 7, 2] = 1

    assert duplicates_of(PictureSet(array, np.array([2, 0, 1, 2, 3]))).tolist() == [0, 1, 1, 0, 1]
