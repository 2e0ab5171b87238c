"""What every kind of source promises."""

import pickle
import struct
import zipfile
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from PIL import Image

from training.data.manifest import DataError
from training.data.shape import Shape
from training.data.sources.opening import open_source
from training.data.sources.pictures import PictureSource, names_of_classes


@pytest.fixture(params=["folder", "zip", "idx", "dicebear"])
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> PictureSource:
    """Two pictures of 16 pixels or a little less, from each kind of source."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (16, 16), "red").save(folder / name)
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    idx = tmp_path / "pictures.idx"
    idx.write_bytes(struct.pack(">BBBBIII", 0, 0, 8, 3, 2, 12, 14) + bytes(2 * 12 * 14))
    locations = {
        "folder": str(folder),
        "zip": str(tmp_path / "pictures.zip"),
        "idx": str(idx),
        "dicebear": "dicebear:personas?count=2&size=16",
    }
    return open_source(locations[request.param])


def test_entries_are_counted_and_the_same_each_time(pictures: PictureSource) -> None:
    """A source can be read twice, and foretells how many pictures it has."""
    entries = list(pictures.entries())

    assert len(entries) == pictures.count == 2
    assert entries == list(pictures.entries())
    assert len({entry.name for entry in entries}) == 2


def test_decoders_travel_to_other_processes_and_make_the_natural_resolution(
    pictures: PictureSource,
) -> None:
    """What a source suggests, its decoder can make, also after having been pickled."""
    shape = Shape(pictures.natural_resolution(), pictures.channels)
    decoder = pickle.loads(pickle.dumps(pictures.decoder(shape)))  # noqa: S301  # our own bytes

    assert shape.resolution == 16
    for entry in pictures.entries():
        pixels = decoder(entry.payload, nullcontext()).pixels
        assert pixels.shape == (16, 16, shape.channels)


@dataclass(frozen=True)
class Numbered:
    """Two classes that the source only numbers."""

    label_names: tuple[str, ...] = ("0", "1")


@pytest.mark.parametrize(("given", "names"), [((), ("0", "1")), (("cat", "dog"), ("cat", "dog"))])
def test_a_person_may_name_the_classes(given: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Else they are called what the source calls them."""
    assert names_of_classes(cast("PictureSource", Numbered()), given) == names


@pytest.mark.parametrize("given", [("cat",), ("cat", "cat"), ("cat", ""), ("a", "b", "c")])
def test_names_that_do_not_fit_the_classes_are_refused(given: tuple[str, ...]) -> None:
    """One for each, all different; the message tells what there is."""
    with pytest.raises(DataError, match="for 2 classes: name each of 0, 1 once"):
        names_of_classes(cast("PictureSource", Numbered()), given)
