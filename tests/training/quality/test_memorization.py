"""What the whole search for remembered pictures finds, with plain pixels for features."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from models.picture import Pixels
from training.data.manifest import images_file
from training.data.stream import Prepared
from training.quality.coarse_search import to_points
from training.quality.memorization import Memorization, measure_memorization
from training.quality.networks.efficientnet import Features
from training.quality.pictures import PictureSet, choose_real

COUNT, LOOKED_AT = 400, 100


def look(pictures: PictureSet) -> Features:
    """The numbers of their pixels."""
    return to_points(pictures.at(np.arange(len(pictures)))).astype(np.float32)


@pytest.fixture
def noise(make_prepared: Callable[..., Prepared]) -> Prepared:
    """Four hundred pictures of 8 px."""
    return make_prepared(count=COUNT)


def new_pictures() -> Pixels:
    """Of the same kind as the training pictures, a hundred."""
    return np.random.default_rng(9).integers(0, 256, (LOOKED_AT, 8, 8, 3), np.uint8)


def outside(prepared: Prepared, count: int) -> Pixels:
    """Training pictures that are not among the first hundred looked at."""
    return np.asarray(
        prepared.images(8)[choose_real(prepared.images(8), COUNT, 0).numbers[-count:]]
    )


def measured(prepared: Prepared, drawn: Pixels) -> Memorization:
    """Of a generator that drew these."""
    real = choose_real(prepared.images(8), COUNT, 0).first(LOOKED_AT)
    generated = PictureSet(drawn, np.arange(len(drawn)))
    features = look(real), look(generated)
    return measure_memorization((real, generated), features, look, prepared, 8, "pixels")


def test_new_pictures_are_as_far_as_training_pictures_from_each_other(noise: Prepared) -> None:
    """Both the usual one and the nearest ones."""
    ratio = measured(noise, new_pictures()).ratio

    assert ratio["value"] == pytest.approx(1, abs=0.03)
    assert ratio["low"] == pytest.approx(ratio["low_of_real"], abs=0.05)
    assert (ratio["searched"], ratio["of"]) == (COUNT, COUNT)
    assert LOOKED_AT < ratio["looked_at"] <= 3 * LOOKED_AT
    assert f"all {COUNT} searched by colour at 16 px" in ratio["how"]


def test_copies_of_pictures_that_were_not_looked_at_are_found(noise: Prepared) -> None:
    """Those of the last hundred training pictures, where the first hundred are looked at."""
    ratio = measured(noise, outside(noise, 100)).ratio

    assert ratio["value"] == pytest.approx(0, abs=1e-3)
    assert ratio["low"] == pytest.approx(0, abs=1e-3)


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
