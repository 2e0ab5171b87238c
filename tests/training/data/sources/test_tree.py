"""Which files of a tree are pictures, and their classes."""

import io
from pathlib import Path

import pytest
from PIL import Image

from training.data.manifest import DataError
from training.data.sources.state import Found
from training.data.sources.tree import Passed, first_resolution, no_pictures, read_tree


def found(*names: str) -> list[Found]:
    """Pictures of these names."""
    return [Found(name, 1, 2) for name in names]


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["cat/1.png", "dog/2.png"], ("cat", "dog")),
        (["set/dog/2.png", "set/cat/more/1.png"], ("cat", "dog")),
        (["1.png", "2.png"], ()),
        (["all/1.png", "all/2.png"], ()),
        (["cat/1.png", "dog/2.png", "3.png"], ()),
        (["set/cat/1.png", "set/dog/2.png", "set/3.png"], ()),
    ],
    ids=["folders", "shared-folder", "flat", "one-folder", "stray-above", "stray-below-shared"],
)
def test_folders_are_classes_if_every_picture_lies_in_one(
    names: list[str], classes: tuple[str, ...]
) -> None:
    """Folders that all pictures share are no classes, nor are folders beside loose pictures."""
    tree = read_tree(found(*names))

    assert tree.count == len(names)
    assert tree.label_names == classes


def test_labels_are_the_numbers_of_the_sorted_class_names() -> None:
    """Label k is the k-th name; without classes it is -1."""
    tree = read_tree(found("x/b/1.png", "x/a/2.png", "x/c/3.png"))

    assert [tree.label_of(name) for name in ("x/b/1.png", "x/a/2.png", "x/c/3.png")] == [1, 0, 2]
    assert read_tree(found("1.png")).label_of("1.png") == -1


def test_a_first_picture_that_breaks_its_decoder_is_passed_over() -> None:
    """Whatever that raises: an AVIF without the place of its pixels is a RuntimeError."""
    broken, whole = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (16, 16)).save(broken, "AVIF")
    Image.new("RGB", (16, 16)).save(whole, "PNG")

    files = [broken.getvalue().replace(b"iloc", b"free"), whole.getvalue()]
    assert first_resolution(files) == 16


def test_the_first_readable_picture_suggests_the_resolution() -> None:
    """The largest power of two within its shorter side, 1024 at most."""

    def picture(width: int, height: int) -> bytes:
        file = io.BytesIO()
        Image.new("L", (width, height)).save(file, "PNG")
        return file.getvalue()

    assert first_resolution([b"broken", picture(300, 100), picture(8, 8)]) == 64
    assert first_resolution([picture(3000, 2000)]) == 1024
    assert first_resolution([picture(128, 128)], (4, 6)) == 64
    with pytest.raises(DataError, match="only 7 pixels"):
        first_resolution([picture(7, 90)])
    with pytest.raises(DataError, match="no picture is readable"):
        first_resolution([Path("/nowhere.png")])


def test_names_in_either_unicode_form_are_one_class() -> None:
    """File systems of Apple take letters and accents apart."""
    tree = read_tree(found("Ka\u0308se/1.png", "K\u00e4se/2.png", "Brot/3.png"))

    assert tree.label_names == ("Brot", "K\u00e4se")
    assert [tree.label_of(f"{name}/1.png") for name in ("Ka\u0308se", "K\u00e4se")] == [1, 1]


def test_what_is_passed_over_is_counted_by_its_reason() -> None:
    """And said where nothing else is there."""
    tree = read_tree([Passed("a", "dead link"), Passed("b", "dead link"), Passed("c", "odd")])

    assert tree.passed_over == {"dead link": 2, "odd": 1}
    assert no_pictures("x", tree) == "x holds no pictures; passed over: 2 dead link, 1 odd"
