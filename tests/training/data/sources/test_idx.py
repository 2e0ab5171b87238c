"""IDX files as a source."""

import gzip
import struct
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from training.data.manifest import DataError
from training.data.shape import Shape
from training.data.sources.idx import open_idx_pictures

PICTURES = np.random.default_rng(0).integers(1, 256, (3, 28, 28), np.uint8)


def idx(array: np.ndarray) -> bytes:
    """An array as an IDX file."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.mark.parametrize("packed", [False, True])
def test_pictures_are_padded_with_black_to_the_next_power_of_two(
    tmp_path: Path, packed: bool
) -> None:
    """28 pixels become 32, two black ones on each side, whether the file is packed or not."""
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(gzip.compress(idx(PICTURES)) if packed else idx(PICTURES))
    source = open_idx_pictures(str(path))
    decoder = source.decoder(Shape(32, 1))
    decoded = np.stack([decoder(entry.payload, nullcontext()).pixels for entry in source.entries()])

    assert (source.count, source.channels, source.natural_resolution()) == (3, 1, 32)
    np.testing.assert_array_equal(decoded[:, 2:30, 2:30, 0], PICTURES)
    assert decoded.sum() == PICTURES.sum()


def test_gray_is_repeated_where_three_channels_are_wanted(tmp_path: Path) -> None:
    """A gray source can train a colour network."""
    path = tmp_path / "a"
    path.write_bytes(idx(PICTURES))
    source = open_idx_pictures(str(path))
    pixels = source.decoder(Shape(32, 3))(next(source.entries()).payload, nullcontext()).pixels

    assert pixels.shape == (32, 32, 3)
    assert (pixels == pixels[:, :, :1]).all()


@pytest.mark.parametrize("name", ["train-labels-idx1-ubyte", "train-labels-idx1-ubyte.gz"])
def test_labels_beside_are_found(tmp_path: Path, name: str) -> None:
    """Either form of the labels belongs to the packed pictures."""
    labels = idx(np.array([2, 0, 1], np.uint8))
    (tmp_path / name).write_bytes(gzip.compress(labels) if name.endswith("gz") else labels)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(idx(PICTURES)))
    source = open_idx_pictures(str(path))

    assert source.label_names == ("0", "1", "2")
    assert [entry.label for entry in source.entries()] == [2, 0, 1]


def test_labels_of_another_number_are_refused(tmp_path: Path) -> None:
    """A pair that does not belong together is a mistake, not a set without classes."""
    (tmp_path / "labels-idx1").write_bytes(idx(np.zeros(4, np.uint8)))
    path = tmp_path / "images-idx3"
    path.write_bytes(idx(PICTURES))
    with pytest.raises(DataError, match="labels of the 3 pictures"):
        open_idx_pictures(str(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cut short"),
        (b"some text, some more text", "neither a folder, a zip nor an IDX file"),
        (idx(np.zeros(40, np.uint8)), "neither a folder, a zip nor an IDX file"),
        (struct.pack(">BBBBIII", 0, 0, 8, 3, 1, 2000, 5), "at most 1024"),
        (
            struct.pack(">BBBBIII", 0, 0, 8, 3, 2**32 - 1, 28, 28),
            "has 4,294,967,295 pictures; 1 to",
        ),
        (struct.pack(">BBBBIII", 0, 0, 8, 3, 0, 28, 28), "has 0 pictures; 1 to"),
        (gzip.compress(idx(PICTURES))[:12], "damaged"),
    ],
    ids=["empty", "text", "labels", "too-large", "too-many", "none", "packed-and-cut"],
)
def test_what_is_no_idx_file_of_pictures_is_refused(
    tmp_path: Path, content: bytes, message: str
) -> None:
    """The message names the file and what would be right."""
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        open_idx_pictures(str(path))


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_cut_short_is_refused_when_its_end_comes(tmp_path: Path, packed: bool) -> None:
    """The pictures that are there do not hide those that are missing."""
    path = tmp_path / "a"
    content = gzip.compress(idx(PICTURES)) if packed else idx(PICTURES)
    path.write_bytes(content[:-300])
    with pytest.raises(DataError, match=r"damaged|cut short"):
        list(open_idx_pictures(str(path)).entries())


def test_a_resolution_above_the_padded_size_is_refused(tmp_path: Path) -> None:
    """Nothing is ever enlarged."""
    path = tmp_path / "a"
    path.write_bytes(idx(PICTURES))
    with pytest.raises(DataError, match="at most 32"):
        open_idx_pictures(str(path)).decoder(Shape(64, 1))


def test_of_padded_pictures_another_shape_takes_what_fits(tmp_path: Path) -> None:
    """24 by 16 lie within 32 pixels; 48 by 32 do not."""
    path = tmp_path / "a"
    path.write_bytes(idx(PICTURES))
    source = open_idx_pictures(str(path))

    assert source.natural_resolution((4, 6)) == 16
    with pytest.raises(DataError, match="too small for 48; at most 32"):
        source.decoder(Shape(32, 1, "crop", (4, 6)))
