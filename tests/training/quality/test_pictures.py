"""Many pictures, a few at a time."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.growth import Growth
from tests.training.conftest import FullDisk
from training.quality.pictures import PictureSet, choose_real, draw_generated, scratch_array
from training.rendering import render


@pytest.fixture
def array() -> np.ndarray:
    """Ten pictures of 8 px; each is filled with its number."""
    numbers = np.arange(10, dtype=np.uint8)
    return np.broadcast_to(numbers[:, None, None, None], (10, 8, 8, 3)).copy()


def test_batches_are_all_pictures_in_the_order_asked_for(array: np.ndarray) -> None:
    """The last batch is what is left."""
    pictures = PictureSet(array, np.array([7, 2, 9, 4, 0]))

    batches = list(pictures.batches(2))

    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert np.concatenate(batches)[:, 0, 0, 0].tolist() == [7, 2, 9, 4, 0]
    assert (len(pictures), pictures.shorter, pictures.channels) == (5, 8, 3)


def test_pictures_are_found_by_their_place(array: np.ndarray) -> None:
    """Not by their number in the array; `first` keeps the places."""
    pictures = PictureSet(array, np.array([7, 2, 9, 4, 0]))

    assert pictures.at([3, 0])[:, 0, 0, 0].tolist() == [4, 7]
    assert pictures.first(2).at([1])[0, 0, 0, 0] == 2
    assert len(pictures.first(99)) == 5
    assert pictures.after(3).at([0, 1])[:, 0, 0, 0].tolist() == [4, 0]
    assert len(pictures.after(5)) == 0


def test_pictures_of_sixteen_bits_are_read_in_eight(array: np.ndarray) -> None:
    """The metrics are defined for these; the conversion rounds."""
    deep = PictureSet(array.astype(np.uint16) * 257 + 128, np.arange(10))

    assert deep.at([3, 9])[:, 0, 0, 0].tolist() == [3, 9]
    assert [batch.dtype for batch in deep.batches(5)] == [np.uint8] * 2


def test_chosen_pictures_differ_and_depend_on_the_seed_alone(array: np.ndarray) -> None:
    """A larger choice begins with the smaller one; more than all is all."""
    few, more = choose_real(array, 4, seed=3), choose_real(array, 99, seed=3)

    assert sorted(more.numbers.tolist()) == list(range(10))
    assert few.numbers.tolist() == more.numbers[:4].tolist()
    assert choose_real(array, 10, seed=4).numbers.tolist() != more.numbers.tolist()


def test_drawn_pictures_are_those_of_their_seeds(tmp_path: Path) -> None:
    """More than one batch of them; nothing is left in the folder, not even meanwhile."""
    torch.manual_seed(0)
    generator = Generator(ProganConfig(8, channels=1, latent_size=8, fmap_base=32, fmap_max=8))

    pictures = draw_generated(generator, Growth(1), range(100, 170), tmp_path)

    assert pictures.array.shape == (70, 8, 8, 1)
    assert list(tmp_path.iterdir()) == []
    expected = render(generator, [100, 169], Growth(1))
    assert np.abs(pictures.at([0, 69]).astype(int) - expected).max() <= 1  # batches may round


def test_a_full_disk_is_an_error_before_anything_is_written(
    tmp_path: Path, full_disk: FullDisk
) -> None:
    """Writing into a mapped file without room would end the process."""
    with full_disk(1_000), pytest.raises(OSError, match="File too large"):
        scratch_array(tmp_path, (2_000,), np.uint8)

    assert list(tmp_path.iterdir()) == []
