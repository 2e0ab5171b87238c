"""Several sources as the domains of one data set."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.data.manifest import DataError, Manifest
from training.data.options import PrepareOptions
from training.data.prepare import PrepareProgress, prepare
from training.data.sources.opening import open_source
from training.data.stream import open_prepared

ALONE = PrepareOptions(workers=1)
GRAY, RED = 128, (200, 0, 0)


def quiet(_: PrepareProgress) -> None:
    """Report nothing."""


def fill(folder: Path, count: int, colour: object, size: int = 16) -> str:
    """Write pictures of one colour; return the folder as on a command line."""
    folder.mkdir(parents=True)
    for number in range(count):
        mode = "L" if isinstance(colour, int) else "RGB"
        Image.new(mode, (size, size), colour).save(folder / f"{number}.png")  # type: ignore[arg-type]
    return str(folder)


@pytest.fixture
def both(tmp_path: Path) -> tuple[str, str]:
    """Two folders, of three and two pictures."""
    return fill(tmp_path / "apples", 3, RED), fill(tmp_path / "stones", 2, GRAY, size=32)


def test_each_source_is_a_class_named_by_it(both: tuple[str, str], tmp_path: Path) -> None:
    """In the order of the command; size and channels fit all of them."""
    manifest = prepare(both, tmp_path / "out", ALONE, quiet)
    prepared = open_prepared(tmp_path / "out")
    labels = prepared.labels()

    assert (manifest.label_names, manifest.resolution, manifest.channels) == (
        ("apples", "stones"),
        16,
        3,
    )
    assert labels is not None
    assert labels.tolist() == [0, 0, 0, 1, 1]
    assert np.unique(prepared.images(16)[3:]).tolist() == [GRAY]
    assert (manifest.source.kind, manifest.source.name) == ("domains", "apples+stones")
    assert Manifest.from_json((tmp_path / "out/manifest.json").read_text()) == manifest


def test_the_result_is_the_same_in_several_processes(tmp_path: Path) -> None:
    """Also for drawings beside files: each picture goes to the decoder of its domain."""
    sources = ("dicebear:personas?count=2&size=16", fill(tmp_path / "stones", 2, GRAY))
    for workers in (1, 2):
        options = PrepareOptions(workers=workers)
        manifest = prepare(sources, tmp_path / f"out{workers}", options, quiet)
        assert manifest.source.licence == "CC BY 4.0"
    first, second = (open_prepared(tmp_path / f"out{n}").images(16) for n in (1, 2))

    assert np.array_equal(first, second)


def test_the_same_command_again_does_nothing(both: tuple[str, str], tmp_path: Path) -> None:
    """Until a picture of any domain has changed, or the domains are others."""
    out, told = tmp_path / "out", list[str]()
    prepare(both, out, ALONE, quiet)
    prepare(both, out, ALONE, lambda now: told.append(now.note))
    assert told == [f"{out} is already there and whole, and its pictures have not changed"]

    with pytest.raises(DataError, match="which is not what is asked for now"):
        prepare(both[::-1], out, ALONE, quiet)
    Image.new("L", (32, 32), 7).save(Path(both[1], "0.png"))
    with pytest.raises(DataError, match="have changed since"):
        prepare(both, out, ALONE, quiet)


def test_names_of_domains_are_distinct(both: tuple[str, str], tmp_path: Path) -> None:
    """Folders of one name get numbers; one source cannot be two domains."""
    shutil.copytree(both[0], tmp_path / "other/apples")
    same = open_source((both[0], str(tmp_path / "other/apples"), both[1]))

    assert same.label_names == ("apples 1", "apples 2", "stones")
    with pytest.raises(DataError, match="named as two domains"):
        open_source((both[0], both[0]))


def test_the_output_lies_outside_every_domain(both: tuple[str, str]) -> None:
    """The pictures stay as they are."""
    with pytest.raises(DataError, match="lies among the pictures"):
        prepare(both, Path(both[1]) / "out", ALONE, quiet)


def test_an_unusable_picture_is_told_with_its_domain(both: tuple[str, str], tmp_path: Path) -> None:
    """Two folders may have files of one name."""
    Path(both[1], "0.png").write_bytes(b"no picture")
    manifest = prepare(both, tmp_path / "out", ALONE, quiet)

    assert [skipped.name for skipped in manifest.skipped_first] == ["stones: 0.png"]
