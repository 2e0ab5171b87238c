"""Picture grids: the seeds of the service, in their places, whole or not at all."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.growth import Growth
from models.latent import label_of, latent_of
from models.pixels import to_pixels
from tests.training.conftest import FullDisk
from training.rendering import (
    COLUMNS,
    MOST_CLASSES,
    RENDER_BATCH,
    ROWS,
    grid_of,
    grid_seeds,
    render,
    write_grid,
)


@pytest.fixture
def generator() -> Generator:
    """8 px in colour."""
    torch.manual_seed(0)
    return Generator(ProganConfig(8, latent_size=8, fmap_base=32, fmap_max=8))


def test_a_seed_is_the_one_of_the_seed_contract(generator: Generator) -> None:
    """The same picture that a service gives for it."""
    with torch.no_grad():
        z = torch.from_numpy(latent_of(7, 8))[None]
        expected = to_pixels(generator(z)).numpy()

    assert np.array_equal(render(generator, [7], Growth(1)), expected)


def test_pictures_come_in_the_order_of_their_seeds(generator: Generator) -> None:
    """Also when they are more than are rendered at once."""
    count = RENDER_BATCH + 3
    pictures = render(generator, range(count), Growth(1))

    assert pictures.shape == (count, 8, 8, 3)
    last = render(generator, [count - 1], Growth(1))[0]
    np.testing.assert_allclose(pictures[-1].astype(int), last.astype(int), atol=1)


def test_a_picture_is_rendered_at_the_growth_it_has(generator: Generator) -> None:
    """Small before the next level wakes, blended while it fades in."""
    small = render(generator, [1], Growth(0))
    faded = render(generator, [1], Growth(1, 0.0))

    assert small.shape == (1, 4, 4, 3)
    assert np.array_equal(faded, small.repeat(2, axis=1).repeat(2, axis=2))


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_a_grid_has_its_pictures_row_by_row(channels: int, mode: str) -> None:
    """Enlarged by a whole factor, in the mode of their channels."""
    pictures = np.random.default_rng(0).integers(0, 256, (6, 4, 4, channels), np.uint8)

    grid = grid_of(pictures, columns=3, smallest_tile=8)

    assert (grid.mode, grid.size) == (mode, (24, 16))
    fifth = np.asarray(grid)[8:16:2, 8:16:2].reshape(4, 4, channels)
    assert np.array_equal(fifth, pictures[4])


def test_large_pictures_are_not_enlarged() -> None:
    """A tile of 96 px stays one."""
    pictures = np.zeros((2, 96, 96, 3), np.uint8)

    assert grid_of(pictures, columns=2, smallest_tile=64).size == (192, 96)


def test_a_grid_file_tells_its_moment(generator: Generator, tmp_path: Path) -> None:
    """By its name, so that a folder of them is a film."""
    path = write_grid(tmp_path, generator, Growth(1), 4_000)

    assert path.name == "000004000-0008px.png"
    with Image.open(path) as image:
        assert image.size == (COLUMNS * 64, ROWS * 64)
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_no_half_a_grid(
    generator: Generator, tmp_path: Path, full_disk: FullDisk
) -> None:
    """Nor the half-written file."""
    with full_disk(100), pytest.raises(OSError, match="File too large"):
        write_grid(tmp_path, generator, Growth(1), 4_000)

    assert list(tmp_path.iterdir()) == []


# ----------------------------------------------------------------------------------------
# Classes


@pytest.fixture
def conditional() -> Generator:
    """8 px in colour, in three classes."""
    torch.manual_seed(0)
    return Generator(ProganConfig(8, latent_size=8, fmap_base=32, fmap_max=8, classes=3))


def test_a_seed_brings_its_own_class(conditional: Generator) -> None:
    """By the rule of the service, where none is asked for."""
    own = [label_of(seed, 3) for seed in range(5)]

    pictures = render(conditional, range(5), Growth(1))

    assert np.array_equal(pictures, render(conditional, range(5), Growth(1), own))
    others = [(label + 1) % 3 for label in own]
    assert not np.array_equal(pictures, render(conditional, range(5), Growth(1), others))


def test_each_class_has_a_row_of_a_grid(conditional: Generator, tmp_path: Path) -> None:
    """With the same seeds in all rows."""
    path = write_grid(tmp_path, conditional, Growth(1), 7)

    grid = np.asarray(Image.open(path))
    assert grid.shape == (3 * 64, COLUMNS * 64, 3)
    for row in range(3):
        expected = render(conditional, range(COLUMNS), Growth(1), [row] * COLUMNS)
        tiles = grid[row * 64 : (row + 1) * 64 : 8, ::8].reshape(8, COLUMNS, 8, 3).swapaxes(0, 1)
        np.testing.assert_allclose(tiles.astype(int), expected.astype(int), atol=1)


def test_of_very_many_classes_a_grid_shows_some() -> None:
    """From first to last, evenly spread."""
    seeds, labels = grid_seeds(1000)

    assert labels is not None
    assert len(seeds) == len(labels) == MOST_CLASSES * COLUMNS
    assert sorted(set(labels)) == [row * 1000 // MOST_CLASSES for row in range(MOST_CLASSES)]


def test_a_grid_of_pictures_that_are_not_square_keeps_their_proportions() -> None:
    """Two rows of two, each 4 by 6, enlarged by 4."""
    pictures = np.zeros((4, 4, 6, 1), np.uint8)

    assert grid_of(pictures, 2, 16).size == (2 * 6 * 4, 2 * 4 * 4)
