"""Parts that are known from the making of pictures."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from training.data.manifest import DataError
from training.data.options import PrepareOptions
from training.data.prepare import prepare
from training.data.stream import Prepared, open_prepared
from training.quality.parts.known import known_parts, parts_of_options, reason_without_parts

COUNT = 40


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Forty drawings of personas of 32 px."""
    folder = tmp_path_factory.mktemp("faces") / "out"
    location = f"dicebear:personas?count={COUNT}&size=32"
    prepare(location, folder, PrepareOptions(workers=1), lambda _: None)
    return open_prepared(folder)


def test_the_parts_of_drawings_are_those_they_were_made_of(faces: Prepared) -> None:
    """Pictures with one background colour in the table have one corner; others have others."""
    known = known_parts(faces, np.arange(COUNT))
    names = [part.name for part in known.parts]
    column = known.codes[:, names.index("background colour")]
    corners = np.asarray(faces.images(32))[:, 0, 0]

    assert {"hair", "eyes", "mouth", "nose", "clothes", "facialHair"} < set(names)
    of_value = [{tuple(c) for c in corners[column == v].tolist()} for v in np.unique(column)]
    assert all(len(colours) == 1 for colours in of_value)
    assert len(set.union(*of_value)) == len(of_value)


def test_parts_belong_to_the_pictures_that_are_asked_for(faces: Prepared) -> None:
    """In their order."""
    every = known_parts(faces, np.arange(COUNT))
    turned = known_parts(faces, np.arange(COUNT)[::-1].copy())

    assert turned.parts == every.parts
    np.testing.assert_array_equal(turned.codes, every.codes[::-1])


def test_shapes_come_before_colours_and_a_part_that_is_missing_is_none(faces: Prepared) -> None:
    """Most faces have no beard, and those have no colour of a beard either."""
    known = known_parts(faces, np.arange(COUNT))
    kinds = [part.kind for part in known.parts]
    beard, colour = (
        next(n for n, part in enumerate(known.parts) if part.name == name)
        for name in ("facialHair", "facialHair colour")
    )

    assert kinds == sorted(kinds, reverse=True)
    absent = [known.parts[n].values.index("none") for n in (beard, colour)]
    without = known.codes[:, [beard, colour]] == absent
    assert 20 < without[:, 0].sum() < COUNT
    np.testing.assert_array_equal(without[:, 0], without[:, 1])


def test_positions_and_fills_are_no_parts() -> None:
    """Only variants and colours are; the first colour of several counts."""
    options = {
        "hillVariant": "mesa",
        "hillColor": ["#111111", "#222222"],
        "hillColorFill": "solid",
        "hillRotate": -2.5,
        "scale": 1,
    }

    assert parts_of_options(options) == {"hill": "mesa", "hill colour": "#111111"}


def test_the_classes_of_labelled_pictures_are_their_part(patterns: Prepared) -> None:
    """By the names in the manifest."""
    known = known_parts(patterns, np.array([0, 149]))

    assert [(part.name, part.values) for part in known.parts] == [
        ("class", ("across", "down", "squares"))
    ]
    np.testing.assert_array_equal(known.codes, [[0], [2]])


def test_pictures_without_classes_have_no_known_parts(prepared: Prepared) -> None:
    """The reason names the folder."""
    assert "neither drawings nor classes" in reason_without_parts(prepared)
    with pytest.raises(DataError, match="are unknown"):
        known_parts(prepared, np.arange(2))


def test_drawings_that_are_drawn_otherwise_now_have_unknown_parts(
    faces: Prepared, tmp_path: Path
) -> None:
    """Here since somebody else's pictures stand in the folder."""
    other = open_prepared(shutil.copytree(faces.folder, tmp_path / "other"))
    path = other.folder / "images-0032.npy"
    np.save(path, 255 - np.load(path))

    with pytest.raises(DataError, match="draws other pictures than those"):
        known_parts(other, np.arange(3))
