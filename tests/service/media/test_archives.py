"""ZIP files and contact sheets."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.media.archives import contact_sheet, zip_images
from tests.service.pictures import FACTS, painted


@given(st.dictionaries(st.from_regex(r"[a-z0-9-]{1,20}\.png", fullmatch=True), st.binary()))
def test_a_zip_holds_every_file_and_the_facts(files: dict[str, bytes]) -> None:
    """Contents come back in order; the facts come first."""
    with zipfile.ZipFile(io.BytesIO(zip_images(list(files.items()), FACTS))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["facts.json", *files]
        assert json.loads(archive.read("facts.json")) == FACTS
        assert {name: archive.read(name) for name in files} == files


def test_a_zip_stores_and_never_reads_the_clock() -> None:
    """Pictures are compressed already; the same ones give the same bytes."""
    file = zip_images([("a.png", b"x" * 1000)], FACTS)

    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        entry = archive.getinfo("a.png")
    assert entry.compress_type == zipfile.ZIP_STORED
    assert entry.date_time == (1980, 1, 1, 0, 0, 0)
    assert file == zip_images([("a.png", b"x" * 1000)], dict(reversed(FACTS.items())))


@pytest.mark.parametrize("names", [["a.png", "a.png"], ["facts.json"]])
def test_two_files_of_one_name_are_refused(names: list[str]) -> None:
    """Unpacking would lose one of them."""
    with pytest.raises(ValueError, match="must differ"):
        zip_images([(name, b"") for name in names], FACTS)


@given(st.integers(1, 64), st.sampled_from([1, 3, 4]))
def test_a_sheet_shows_every_picture_on_white(count: int, channels: int) -> None:
    """Pictures of value k < 255 lie in reading order on a nearly square grid."""
    images = [np.full((8, 8, channels), k, np.uint8) for k in range(count)]

    sheet = contact_sheet(images)

    columns, rows = sheet.shape[1] // 9, sheet.shape[0] // 9
    assert sheet.shape == (rows * 9 + 1, columns * 9 + 1, channels)
    assert 0 <= columns - rows <= 1
    seen = [int(sheet[1 + 9 * r, 1 + 9 * c, 0]) for r in range(rows) for c in range(columns)]
    assert seen == [*range(count), *[255] * (rows * columns - count)]
    assert (sheet[0] == 255).all()
    assert int((sheet < 255).any(axis=2).sum()) == count * 64


def test_a_sheet_keeps_the_pixels() -> None:
    """A picture lies on the sheet unchanged, one 32nd of its size from the edge."""
    sheet = contact_sheet([painted(64)])

    assert (sheet[2:66, 2:66] == painted(64)).all()


def test_a_sheet_needs_pictures_of_one_shape() -> None:
    """None at all, or several shapes, is refused."""
    for images in ([], [painted(8), painted(16)]):
        with pytest.raises(ValueError, match="of one shape"):
            contact_sheet(images)


def test_a_sheet_of_sixteen_bits_keeps_them() -> None:
    """On paper that is white in 16 bits."""
    pixels = np.random.default_rng(0).integers(0, 65535, (64, 64, 1), np.uint16)
    sheet = contact_sheet([pixels])

    assert sheet.dtype == np.uint16
    assert (sheet[2:66, 2:66] == pixels).all()
    assert int((sheet == 65535).sum()) == 68 * 68 - 64 * 64
