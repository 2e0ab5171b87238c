"""A folder as a source."""

import os
from pathlib import Path

import pytest
from PIL import Image

from training.data.manifest import DataError
from training.data.sources.folder import open_folder, walk_folder
from training.data.sources.tree import Found


def draw(path: Path, size: int = 16) -> None:
    """Put a picture there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (size, size)).save(path)


def test_pictures_come_sorted_by_path_with_their_classes(tmp_path: Path) -> None:
    """The order is that of the parts of the path, not of the disk."""
    for name in ("b/2.png", "a/9.png", "a-b/1.png", "a/10.png", "a/deep/0.png"):
        draw(tmp_path / name)
    (tmp_path / "a/notes.txt").write_text("not a picture")
    pictures = open_folder(str(tmp_path))
    entries = list(pictures.entries())

    assert [e.name for e in entries] == [
        "a/10.png",
        "a/9.png",
        "a/deep/0.png",
        "a-b/1.png",
        "b/2.png",
    ]
    assert pictures.label_names == ("a", "a-b", "b")
    assert [e.label for e in entries] == [0, 0, 0, 1, 2]
    assert pictures.count == 5
    assert pictures.origin.kind == "folder"
    assert pictures.origin.name == tmp_path.name


def test_the_first_picture_suggests_the_resolution(tmp_path: Path) -> None:
    """A picture of 40 pixels holds 32."""
    draw(tmp_path / "a.png", 40)

    assert open_folder(str(tmp_path)).natural_resolution() == 32


def test_links_to_folders_and_files_are_followed(tmp_path: Path) -> None:
    """As data sets are put together from the parts of others."""
    draw(tmp_path / "store/one/1.png")
    draw(tmp_path / "store/two/2.png")
    draw(tmp_path / "in/cat/3.png")
    (tmp_path / "in/dog").symlink_to(tmp_path / "store/one")
    (tmp_path / "in/cow").symlink_to(Path("../store/two"))
    (tmp_path / "in/cat/4.png").symlink_to(tmp_path / "store/one/1.png")
    pictures = open_folder(str(tmp_path / "in"))

    assert pictures.label_names == ("cat", "cow", "dog")
    assert [entry.name for entry in pictures.entries()] == [
        "cat/3.png",
        "cat/4.png",
        "cow/2.png",
        "dog/1.png",
    ]


@pytest.mark.parametrize("target", [".", "..", "../.."])
def test_a_loop_of_links_is_followed_once(tmp_path: Path, target: str) -> None:
    """It is passed over where it comes back, and counted."""
    draw(tmp_path / "in/a/1.png")
    (tmp_path / "in/a/loop").symlink_to(target)
    pictures = open_folder(str(tmp_path / "in"))

    assert [entry.name for entry in pictures.entries()] == ["a/1.png"]
    assert pictures.passed_over == {"link back to a folder above it": 1}


def test_all_that_is_passed_over_is_counted(tmp_path: Path) -> None:
    """Dead links, what systems add, files of other kinds; nothing is left out silently."""
    draw(tmp_path / "in/a.png")
    (tmp_path / "in/b.png").symlink_to(tmp_path / "annex/gone.png")
    (tmp_path / "in/dogs").symlink_to(tmp_path / "not mounted")
    draw(tmp_path / "in/@eaDir/a.png/SYNOPHOTO_THUMB_M.jpg")
    for name in (".DS_Store", "Thumbs.db", "notes.txt", "README", "raw.NEF", ".b.png.icloud"):
        (tmp_path / "in" / name).touch()
    os.mkfifo(tmp_path / "in/pipe.png")
    pictures = open_folder(str(tmp_path / "in"))

    assert [entry.name for entry in pictures.entries()] == ["a.png"]
    assert pictures.passed_over == {
        "camera raw (.nef), to be converted first": 1,
        "dead link": 2,
        "hidden, or of the system": 3,
        "neither a file nor a folder": 1,
        "no picture (.txt)": 1,
        "no picture (no ending)": 1,
        "not downloaded from the cloud yet": 1,
    }


def test_pictures_are_found_by_their_content(tmp_path: Path) -> None:
    """Whatever their names are, if they have an ending at all."""
    draw(tmp_path / "a.png")
    for name in ("IMG_1", "b.jfif", "c.picture", "d.tmp"):
        (tmp_path / name).write_bytes((tmp_path / "a.png").read_bytes())
    (tmp_path / "e.heic").write_bytes(b"\x00\x00\x00\x18ftypheic")

    names = [entry.name for entry in open_folder(str(tmp_path)).entries()]
    assert names == ["IMG_1", "a.png", "b.jfif", "c.picture", "d.tmp", "e.heic"]


def test_the_state_changes_with_every_picture(tmp_path: Path) -> None:
    """But not with other files."""
    draw(tmp_path / "a.png")
    state = open_folder(str(tmp_path)).state
    (tmp_path / "notes.txt").touch()
    assert open_folder(str(tmp_path)).state == state
    draw(tmp_path / "b.png")

    assert open_folder(str(tmp_path)).state.files == 2


def test_a_folder_without_pictures_is_refused_and_points_at_idx_files(tmp_path: Path) -> None:
    """Somebody who names the folder of an IDX file is told to name the file."""
    with pytest.raises(DataError, match="holds no pictures"):
        open_folder(str(tmp_path))
    (tmp_path / "a.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(DataError, match="holds no pictures; passed over: 1 dead link"):
        open_folder(str(tmp_path))
    (tmp_path / "train-images-idx3-ubyte.gz").touch()
    with pytest.raises(DataError, match="give .*train-images-idx3-ubyte.gz itself"):
        open_folder(str(tmp_path))


def test_folders_that_link_to_each_other_are_read_once_in_each_class(tmp_path: Path) -> None:
    """Every path through them would be many more than there are pictures."""
    names = ["a", "b", "c", "d", "e"]
    for name in names:
        (tmp_path / name).mkdir()
        Image.new("L", (8, 8)).save(tmp_path / name / "1.png")
    for name in names:
        for other in set(names) - {name}:
            (tmp_path / name / other).symlink_to(tmp_path / other)

    found = [each for each in walk_folder(tmp_path) if isinstance(each, Found)]

    assert len(found) == len(names) ** 2
