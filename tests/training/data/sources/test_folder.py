"""A folder as a source."""

from pathlib import Path

import pytest
from PIL import Image

from training.data.manifest import DataError
from training.data.sources.folder import open_folder


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


def test_a_loop_of_links_is_not_followed(tmp_path: Path) -> None:
    """A link to a folder is passed over, one to a picture is taken."""
    draw(tmp_path / "a/1.png")
    (tmp_path / "a/loop").symlink_to(tmp_path)
    (tmp_path / "a/2.png").symlink_to(tmp_path / "a/1.png")

    assert [entry.name for entry in open_folder(str(tmp_path)).entries()] == ["a/1.png", "a/2.png"]


def test_a_folder_without_pictures_is_refused_and_points_at_idx_files(tmp_path: Path) -> None:
    """Somebody who names the folder of an IDX file is told to name the file."""
    with pytest.raises(DataError, match="holds no pictures"):
        open_folder(str(tmp_path))
    (tmp_path / "train-images-idx3-ubyte.gz").touch()
    with pytest.raises(DataError, match="give .*train-images-idx3-ubyte.gz itself"):
        open_folder(str(tmp_path))
