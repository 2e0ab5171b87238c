"""Prepared folders that are there already."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.data.manifest import DataError
from training.data.options import PrepareOptions
from training.data.prepare import PrepareProgress, prepare
from training.data.stream import open_prepared

ONE = PrepareOptions(workers=1)


def quiet(_: PrepareProgress) -> None:
    """Say nothing."""


def draw(path: Path, gray: int = 0) -> None:
    """Put a picture there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (16, 16), gray).save(path)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of two pictures that was prepared into `out`."""
    for number in range(2):
        draw(tmp_path / f"photos/{number}.png", number)
    prepare(str(tmp_path / "photos"), tmp_path / "out", ONE, quiet)
    return tmp_path / "photos"


def notes(photos: Path) -> str:
    """What a second call says."""
    reports: list[PrepareProgress] = []
    prepare(str(photos), photos.parent / "out", ONE, reports.append)
    return " ".join(report.note for report in reports)


def test_pictures_that_have_not_changed_are_not_prepared_again(photos: Path) -> None:
    """And the sentence says that they were compared."""
    assert "is already there and whole, and its pictures have not changed" in notes(photos)


def test_damaged_files_are_noticed(photos: Path) -> None:
    """One byte among them; the advice prepares them again."""
    file = photos.parent / "out" / "images-0008.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)

    with pytest.raises(DataError, match=r"images-0008\.npy is damaged .* with --replace"):
        notes(photos)
    prepare(str(photos), photos.parent / "out", ONE, quiet, replace=True)
    assert "whole" in notes(photos)


def test_a_picture_more_is_noticed(photos: Path) -> None:
    """The call fails, for its result would not be what is asked for."""
    draw(photos / "2.png")
    with pytest.raises(DataError, match=r"have changed .*2 files then, 3 now.*add --replace"):
        notes(photos)


def test_a_picture_that_was_edited_is_noticed(photos: Path) -> None:
    """By size or time."""
    draw(photos / "1.png", 99)
    with pytest.raises(DataError, match="have changed"):
        notes(photos)


def test_a_file_that_does_not_count_changes_nothing(photos: Path) -> None:
    """A note beside the pictures."""
    (photos / "notes.txt").write_text("mine")

    assert "have not changed" in notes(photos)


def test_a_source_that_has_gone_is_not_missed(photos: Path) -> None:
    """A disk may be unplugged; the sentence says that nothing was compared."""
    shutil.rmtree(photos)

    assert "is not, so nobody knows whether it has changed" in notes(photos)


def test_a_folder_of_an_earlier_release_is_compared_by_its_count(photos: Path) -> None:
    """It has no record of the state."""
    (photos.parent / "out/source.json").unlink()
    assert "have not changed" in notes(photos)
    draw(photos / "2.png")
    with pytest.raises(DataError, match="2 then, 3 now"):
        notes(photos)


def test_replacing_prepares_again(photos: Path) -> None:
    """The old folder goes when the new one is there."""
    out = photos.parent / "out"
    draw(photos / "2.png", 200)
    (out / "parts-0016.safetensors").write_bytes(b"the reader of the old pictures")
    prepare(str(photos), out, ONE, quiet, replace=True)

    assert not (out / "parts-0016.safetensors").exists()
    assert np.unique(open_prepared(out).images(16)).tolist() == [0, 1, 200]
    assert sorted(path.name for path in photos.parent.iterdir()) == ["out", "photos"]


def test_replacing_that_fails_keeps_the_old_folder(photos: Path) -> None:
    """Here since no picture can be used any more."""
    out = photos.parent / "out"
    for path in photos.iterdir():
        path.write_bytes(b"broken")
    with pytest.raises(DataError, match="no picture is readable"):
        prepare(str(photos), out, ONE, quiet, replace=True)

    assert open_prepared(out).count == 2


def test_nothing_else_is_replaced(photos: Path) -> None:
    """Neither raw pictures nor a prepared folder with something of somebody's in it."""
    with pytest.raises(DataError, match="is no prepared folder, so nothing replaces it"):
        prepare("dicebear:personas?count=1&size=16", photos, ONE, quiet, replace=True)
    out = photos.parent / "out"
    (out / "runs").mkdir()
    with pytest.raises(DataError, match=r"holds other things, too \(runs\)"):
        prepare(str(photos), out, ONE, quiet, replace=True)

    assert len(list(photos.iterdir())) == 2


@pytest.mark.parametrize("out", ["photos", "photos/prepared"])
def test_nothing_is_written_among_the_pictures(photos: Path, out: str) -> None:
    """A folder beside them is proposed."""
    with pytest.raises(DataError, match=r"lies among the pictures .* such as .*/photos-prepared"):
        prepare(str(photos), photos.parent / out, ONE, quiet)
