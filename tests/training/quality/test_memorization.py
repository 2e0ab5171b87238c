"""The memorisation test, with plain pixels for features."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from models.picture import Pixels, in_eight_bits
from training.data.manifest import images_file
from training.data.stream import Prepared
from training.progress_bar import OnProgress, ignore_progress
from training.quality.features import Features
from training.quality.memorization import (
    Memorization,
    duplicates_of,
    measure_memorization,
    measure_neighbour_ratio,
    with_copy_candidates,
)
from training.quality.neighbours import nearest_neighbours
from training.quality.pictures import PictureSet, choose_real
from training.quality.pixel_search import to_points

COUNT, COMPARED = 400, 100


def pixel_features(pictures: PictureSet, _on_progress: OnProgress = ignore_progress) -> Features:
    """The numbers of their pixels."""
    return to_points(pictures.at(np.arange(len(pictures)))).astype(np.float32)


@pytest.fixture
def noise(make_prepared: Callable[..., Prepared]) -> Prepared:
    """Four hundred pictures of 8 px."""
    return make_prepared(count=COUNT)


def new_pictures() -> Pixels:
    """Of the same kind as the training pictures, a hundred."""
    return np.random.default_rng(9).integers(0, 256, (COMPARED, 8, 8, 3), np.uint8)


def outside(prepared: Prepared, count: int) -> Pixels:
    """Training pictures that are not among the first hundred compared."""
    return np.asarray(
        prepared.images(8)[choose_real(prepared.images(8), COUNT, 0).numbers[-count:]]
    )


def measured(prepared: Prepared, drawn: Pixels) -> Memorization:
    """Of a generator that drew these."""
    real = choose_real(prepared.images(8), COUNT, 0).first(COMPARED)
    generated = PictureSet(drawn, np.arange(len(drawn)))
    features = pixel_features(real), pixel_features(generated)
    return measure_memorization((real, generated), features, pixel_features, prepared, 8, "pixels")


def test_new_pictures_are_as_far_as_training_pictures_from_each_other(noise: Prepared) -> None:
    """Both the usual one and the nearest ones."""
    ratio = measured(noise, new_pictures()).ratio

    assert ratio["value"] == pytest.approx(1, abs=0.03)
    assert ratio["low"] == pytest.approx(ratio["low_of_real"], abs=0.05)
    assert (ratio["searched"], ratio["of"]) == (COUNT, COUNT)
    assert COMPARED < ratio["looked_at"] <= 3 * COMPARED
    assert f"all {COUNT} searched by colour at 16 px" in ratio["how"]


def test_copies_of_pictures_that_were_not_compared_are_found(noise: Prepared) -> None:
    """Those of the last hundred training pictures, where the first hundred are compared."""
    ratio = measured(noise, outside(noise, 100)).ratio

    assert ratio["value"] == pytest.approx(0, abs=1e-3)
    assert ratio["low"] == pytest.approx(0, abs=1e-3)


def test_copies_of_pictures_of_sixteen_bits_are_found_in_eight(
    make_prepared: Callable[..., Prepared],
) -> None:
    """Generated pictures are measured in 8 bits, and training pictures are read so."""
    deep = make_prepared(count=COUNT, value_range=(0.0, 4095.0))
    ratio = measured(deep, in_eight_bits(outside(deep, 100))).ratio

    assert ratio["value"] == pytest.approx(0, abs=1e-3)


def test_a_few_copies_show_in_the_low_ratio_and_in_the_sheet(noise: Prepared) -> None:
    """Two of a hundred, which no median can tell; both stand on top, beside their originals."""
    drawn = new_pictures()
    drawn[[40, 70]] = copies = outside(noise, 2)

    memory = measured(noise, drawn)

    assert memory.ratio["value"] == pytest.approx(1, abs=0.03)
    assert memory.ratio["low"] == pytest.approx(0, abs=1e-3)
    assert memory.ratio["low_of_real"] > 0.5
    sheet = np.asarray(Image.open(io.BytesIO(memory.sheet)))[::8, ::8]  # tiles are enlarged
    rows = sheet.reshape(12, 8, 6, 8, 3).swapaxes(1, 2)
    assert (rows[0, 0] == rows[0, 1]).all()
    assert (rows[1, 0] == rows[1, 1]).all()
    assert (rows[2, 0] != rows[2, 1]).any()
    assert {rows[0, 0].tobytes(), rows[1, 0].tobytes()} == {c.tobytes() for c in copies}


def test_pictures_that_a_data_set_has_twice_change_no_measure(noise: Prepared) -> None:
    """New pictures are still as far as usual, and copies still none."""
    for resolution in (4, 8):
        array = np.array(noise.images(resolution))
        array[COUNT // 2 :] = array[: COUNT // 2]
        np.save(noise.folder / images_file(resolution), array)

    fresh, copied = (measured(noise, drawn).ratio for drawn in (new_pictures(), outside(noise, 9)))

    assert fresh["value"] == pytest.approx(1, abs=0.03)
    assert fresh["low_of_real"] > 0.5
    assert copied["value"] == pytest.approx(0, abs=1e-3)


def test_copies_are_near_what_they_were_copied_from() -> None:
    """A hundredth of the usual distance, among 20 of 300."""
    points = np.random.default_rng(0).standard_normal((20, 4)).astype(np.float32)
    found = nearest_neighbours(points, points)

    entry = measure_neighbour_ratio(found, 300, 20, "features at 128 px")

    assert entry["value"] == pytest.approx(0, abs=0.01)
    assert entry["low"] == pytest.approx(0, abs=0.01)
    assert entry["low_of_real"] > 0.1
    assert (entry["searched"], entry["of"], entry["looked_at"]) == (300, 300, 20)
    assert "the nearest of 300 training pictures" in entry["how"]
    assert "and 20 compared" in entry["how"]


# ----------------------------------------------------------------------------------------
# Candidates, and pictures that are equal


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


def test_pictures_alike_at_16_pixels_are_told_apart_at_64_pixels(
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


def test_duplicates_are_numbered_by_the_first_of_them() -> None:
    """Equal in every byte; pictures that differ in one are others."""
    array = np.zeros((4, 8, 8, 3), np.uint8)
    array[2, 7, 7, 2] = 1

    assert duplicates_of(PictureSet(array, np.array([2, 0, 1, 2, 3]))).tolist() == [0, 1, 1, 0, 1]
