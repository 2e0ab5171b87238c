"""Grids for a page: their own size, none of the future, and together not too large."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.rendering import grid_of
from training.report.frames import frames_of, shrink_grid, thin_to_budget


def write_grid(folder: Path, images_shown: int, size: int, channels: int = 3) -> Path:
    """A grid of 8 by 6 random pictures, as a run writes it."""
    random = np.random.default_rng(images_shown)
    pictures = random.integers(0, 256, (48, size, size, channels), np.uint8)
    path = folder / f"{images_shown:09d}-{size:04d}px.png"
    grid_of(pictures, 8).save(path)
    return path


@pytest.mark.parametrize("channels", [1, 3])
def test_a_small_grid_is_kept_exactly_at_its_own_size(tmp_path: Path, channels: int) -> None:
    """Enlarging is left to the page."""
    path = write_grid(tmp_path, 16, 8, channels)

    small = Image.open(io.BytesIO(shrink_grid(path, 8)))

    expected = Image.open(path).resize((64, 48), Image.Resampling.NEAREST).convert("RGB")
    assert (np.asarray(small) == np.asarray(expected)).all()


def test_large_pictures_become_128_px(tmp_path: Path) -> None:
    """A grid of 1024 px would be larger than all the rest."""
    small = Image.open(io.BytesIO(shrink_grid(write_grid(tmp_path, 16, 256), 256)))

    assert small.size == (8 * 128, 6 * 128)


def test_grids_of_the_future_are_left_out(tmp_path: Path) -> None:
    """A killed run has drawn them, the resumed one will again."""
    for images in (16, 32, 48):
        write_grid(tmp_path, images, 4)

    assert [frame.images_shown for frame in frames_of(tmp_path, 32, None)] == [16, 32]


def test_a_grid_is_made_small_once(tmp_path: Path) -> None:
    """The second page reads what the first one kept."""
    samples, kept = tmp_path / "samples", tmp_path / "kept"
    samples.mkdir()
    path = write_grid(samples, 16, 4)
    (first,) = frames_of(samples, 16, kept)
    path.write_bytes(b"no longer readable")

    assert frames_of(samples, 16, kept) == [first]


@pytest.mark.parametrize(
    ("budget", "places"), [(100, [0, 1, 2, 3, 4]), (49, [0, 2, 4]), (29, [1, 4]), (5, [4])]
)
def test_a_long_run_shows_every_second_or_third_grid(budget: int, places: list[int]) -> None:
    """Always the last, whatever it takes."""
    assert thin_to_budget([10] * 5, budget) == places


def test_without_grids_there_is_nothing_to_choose() -> None:
    """A run that has just begun."""
    assert thin_to_budget([], 100) == []
