"""The reader that is kept beside the pictures."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.data.manifest import DataError
from training.data.stream import Prepared, open_prepared
from training.quality.parts.keeping import (
    DAMAGED,
    key_of,
    load_reader,
    open_reader,
    reader_file,
    reason_without_reader,
    split_of,
    stored,
)
from training.quality.parts.reader import PartReader
from training.quality.pictures import PictureSet


@pytest.fixture
def copied(patterns: Prepared, reader: PartReader, tmp_path: Path) -> Prepared:
    """A prepared folder of one's own, with its reader."""
    return open_prepared(shutil.copytree(patterns.folder, tmp_path / "copied"))


def test_a_reader_is_trained_once(copied: Prepared, reader: PartReader) -> None:
    """The kept one is the same, and its file stays."""
    path = copied.folder / reader_file(8)
    before = path.stat().st_mtime_ns

    again = open_reader(copied, 64)

    assert path.stat().st_mtime_ns == before
    assert (again.parts, again.trust, again.size) == (reader.parts, reader.trust, (8, 8))
    some = PictureSet(copied.images(8), np.arange(9))
    np.testing.assert_array_equal(again.read(some).features, reader.read(some).features)


def test_a_reader_of_other_pictures_is_not_used(copied: Prepared, reader: PartReader) -> None:
    """A file of the same name is no reason to trust it."""
    path = copied.folder / reader_file(8)
    path.write_bytes(stored(reader, "another key"))

    assert load_reader(path, key_of(copied, 8), 3, (8, 8)) is None
    assert load_reader(path, "another key", 3, (8, 8))
    assert load_reader(path, "another key", 3, (16, 16)) is None


def test_the_key_of_a_reader_depends_on_pictures_classes_and_size(copied: Prepared) -> None:
    """Not on the place of the folder."""
    manifest = copied.manifest
    others = [
        replace(manifest, label_names=("a", "b", "c")),
        replace(manifest, images=(*manifest.images[:-1], replace(manifest.images[-1], sha256="0"))),
    ]
    keys = [key_of(replace(copied, manifest=other), 8) for other in (manifest, *others)]

    assert keys[0] == key_of(replace(copied, folder=Path("elsewhere")), 8)
    assert len({*keys, key_of(copied, 4)}) == 4


@pytest.mark.parametrize("damage", ["cut", "no safetensors", "other facts", "no facts"])
def test_a_damaged_file_is_not_used(damage: str, copied: Prepared, reader: PartReader) -> None:
    """Whatever is wrong with it."""
    path = copied.folder / reader_file(8)
    whole = path.read_bytes()
    path.write_bytes(
        {
            "cut": whole[: len(whole) // 2],
            "no safetensors": b"nothing",
            "other facts": whole.replace(b"held_out", b"hold_out"),
            "no facts": whole.replace(b'"facts"', b'"fact_"'),
        }[damage]
    )

    with pytest.raises(DAMAGED):
        load_reader(path, key_of(copied, 8), 3, (8, 8))


def test_a_file_that_is_of_no_use_is_replaced_and_one_in_the_way_does_not_matter(
    copied: Prepared, reader: PartReader, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same reader is trained again, and kept where that is possible."""
    path = copied.folder / reader_file(8)
    whole = path.read_bytes()
    path.write_bytes(b"nothing")

    assert open_reader(copied, 8).trust == reader.trust
    assert "is damaged" in capsys.readouterr().err
    assert path.read_bytes() == whole

    path.unlink()
    path.mkdir()
    assert open_reader(copied, 8).trust == reader.trust
    assert "cannot be kept" in capsys.readouterr().err


def test_no_picture_is_learned_and_held_out() -> None:
    """Of many, at most 20,000 are used; a third is held out, at most 4,096."""
    for count, learned, half in ((150, 100, 25), (8_000, 5_334, 1_333), (60_000, 15_904, 2_048)):
        split = split_of(count)
        assert (len(split.learned), len(split.reference), len(split.apart)) == (
            learned,
            half,
            half,
        )
        every = np.concatenate([split.learned, split.reference, split.apart])
        assert len(np.unique(every)) == len(every)
        assert every.max() < count


def test_too_few_or_too_small_pictures_have_no_reader(copied: Prepared, labelled: Prepared) -> None:
    """The reason tells how many are needed."""
    assert not reason_without_reader(copied, 8)
    assert "too small" in reason_without_reader(copied, 4)
    with pytest.raises(DataError, match="has 12 pictures, a reader of parts needs 120"):
        open_reader(labelled, 8)
