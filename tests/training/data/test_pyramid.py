"""Halving, and writing arrays of unknown length."""

from pathlib import Path

import numpy as np
import pytest

from models.picture import Pixels
from training.data.pyramid import ArrayWriter, PyramidWriter, halvings, pyramid_bytes


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_each_level_is_the_mean_of_the_largest_rounded_once(kind: type) -> None:
    """Every pixel equals the exact mean of its block, halves rounded upwards."""
    generator = np.random.default_rng(0)
    top: Pixels = generator.integers(0, np.iinfo(kind).max + 1, (3, 32, 32, 4)).astype(kind)
    levels = halvings(top, 32)
    assert {level.dtype for level in levels} == {np.dtype(kind)}

    assert [level.shape[1] for level in levels] == [4, 8, 16, 32]
    for level in levels:
        size = level.shape[1]
        blocks = top.reshape(3, size, 32 // size, size, 32 // size, 4).astype(np.float64)
        np.testing.assert_array_equal(level, np.floor(blocks.mean(axis=(2, 4)) + 0.5))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("is_white", [False, True])
def test_black_stays_black_and_white_stays_white(kind: type, is_white: bool) -> None:
    """The ends of the range survive down to 4 pixels, also from 1024: no sum overflows."""
    value = np.iinfo(kind).max * is_white
    top = np.full((1, 1024, 1024, 1), value, kind)

    assert all((level == value).all() for level in halvings(top, 1024))


def test_numpy_reads_a_file_whose_length_was_unknown(tmp_path: Path) -> None:
    """The head carries the true count; the file is byte for byte what numpy would write."""
    rows = np.arange(1100 * 6, dtype=np.uint8).reshape(1100, 2, 3)
    writer = ArrayWriter(tmp_path / "a.npy", (2, 3))
    for start in range(0, 1100, 64):
        writer.append(rows[start : start + 64])
    writer.close()
    np.save(tmp_path / "b.npy", rows)

    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    assert writer.record().shape == (1100, 2, 3)


def test_the_bytes_foretold_are_those_written(tmp_path: Path) -> None:
    """The check of the disk counts what the arrays take, but for their heads."""
    with PyramidWriter(tmp_path, 16, 3) as pyramid:
        pyramid.append(halvings(np.zeros((5, 16, 16, 3), np.uint8), 16))
    written = sum(file.size - 128 for file in pyramid.records())

    assert written == pyramid_bytes(5, 16, 3)


def test_sixteen_bits_take_twice_the_bytes(tmp_path: Path) -> None:
    """And come back as uint16."""
    top = np.arange(5 * 256, dtype=np.uint16).reshape(5, 16, 16, 1) * 50
    with PyramidWriter(tmp_path, 16, 1, bit_depth=16) as pyramid:
        pyramid.append(halvings(top, 16))
    written = sum(file.size - 128 for file in pyramid.records())

    assert written == pyramid_bytes(5, 16, 1, bit_depth=16) == 2 * pyramid_bytes(5, 16, 1)
    np.testing.assert_array_equal(np.load(tmp_path / "images-0016.npy"), top)


def test_pictures_that_are_not_square_halve_down_to_their_base(tmp_path: Path) -> None:
    """Both sides by two at each level, and the bytes foretold are those written."""
    top = np.arange(16 * 24, dtype=np.uint16).astype(np.uint8).reshape(1, 16, 24, 1)
    with PyramidWriter(tmp_path, 16, 1, (4, 6)) as pyramid:
        pyramid.append(halvings(top, 16))

    assert [file.shape for file in pyramid.records()] == [
        (1, 4, 6, 1),
        (1, 8, 12, 1),
        (1, 16, 24, 1),
    ]
    assert [file.name[:11] for file in pyramid.records()] == [f"images-{r:04d}" for r in (4, 8, 16)]
    assert sum(file.size - 128 for file in pyramid.records()) == pyramid_bytes(1, 16, 1, (4, 6))
