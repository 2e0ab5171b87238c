"""Preparing pictures of 16 bits."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training.data.pet_pictures import draw, quiet
from training.data.manifest import DataError
from training.data.options import PrepareOptions
from training.data.prepare import prepare
from training.data.stream import open_prepared


def draw_scan(path: Path, numbers: np.ndarray) -> None:
    """Put a gray picture of 16 bits there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(numbers).save(path)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Four scans of 12 bits as TIFF and PNG, and a drawing in colour."""
    folder = tmp_path / "scans"
    for number in range(4):
        numbers = np.random.default_rng(number).integers(0, 4096, (16, 16), np.uint16)
        numbers[0, :2] = 0, 4095
        draw_scan(folder / f"{number}.{('tiff', 'png')[number % 2]}", numbers)
    draw(folder / "colour.png")
    return folder


def test_sixteen_bits_hold_the_numbers_of_the_files(scans: Path, tmp_path: Path) -> None:
    """Scaled by the range, which the manifest keeps, at the largest resolution."""
    options = PrepareOptions(workers=1, bit_depth=16, value_range=(0, 4095))
    notes: list[str] = []
    manifest = prepare(str(scans), tmp_path / "out", options, lambda now: notes.append(now.note))
    prepared = open_prepared(tmp_path / "out")
    prepared.verify()

    assert (manifest.bit_depth, manifest.value_range, manifest.channels) == (16, (0, 4095), 1)
    assert prepared.manifest == manifest
    assert (manifest.count, manifest.skipped) == (4, 1)
    assert "has colours" in manifest.skipped_first[0].reason
    assert "16x16, gray of 16 bits, values 0:4095" in notes[0]
    for number, pixels in enumerate(prepared.images(16)):
        with Image.open(next(scans.glob(f"{number}.*"))) as image:
            stored = np.asarray(image)
        np.testing.assert_array_equal((pixels[..., 0] / 65535 * 4095).round(), stored)


def test_without_a_range_the_numbers_stay_and_waste_is_noticed(scans: Path, tmp_path: Path) -> None:
    """Twelve bits of sixteen; the warning names the range that would use all."""
    notes: list[str] = []
    options = PrepareOptions(workers=1, bit_depth=16)
    manifest = prepare(str(scans), tmp_path / "out", options, lambda now: notes.append(now.note))

    assert manifest.value_range == (0.0, 65535.0)
    assert open_prepared(tmp_path / "out").images(16).max() == 4095
    assert "--range=0:4095 --replace" in notes[-1]


def test_the_depth_is_part_of_the_request(scans: Path, tmp_path: Path) -> None:
    """A folder of 8 bits is not taken for one of 16; that of 16 is found again."""
    deep = PrepareOptions(workers=1, bit_depth=16, resolution=16)
    prepare(str(scans), tmp_path / "out", deep, quiet)

    assert prepare(str(scans), tmp_path / "out", deep, quiet).bit_depth == 16
    with pytest.raises(DataError, match="'bit_depth': 16"):
        prepare(str(scans), tmp_path / "out", PrepareOptions(workers=1, resolution=16), quiet)


def test_sources_of_eight_bits_say_so(tmp_path: Path) -> None:
    """Drawings and IDX files have no more."""
    deep, idx = PrepareOptions(bit_depth=16, workers=1), tmp_path / "train-images-idx3-ubyte"
    idx.write_bytes(struct.pack(">BBBBIII", 0, 0, 8, 3, 2, 8, 8) + bytes(128))
    for source in (str(idx), "dicebear:personas?count=2&size=16"):
        with pytest.raises(DataError, match="has pictures of 8 bits: leave --depth out"):
            prepare(source, tmp_path / "out", deep, quiet)
    assert not (tmp_path / "out").exists()
