"""Which kind of source a location means."""

import struct
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from training.data.manifest import DataError
from training.data.sources.opening import open_source


def test_the_kind_is_known_by_what_is_there(tmp_path: Path) -> None:
    """Names of files do not matter, their content does."""
    (tmp_path / "folder").mkdir()
    Image.new("L", (8, 8)).save(tmp_path / "folder/a.png")
    with zipfile.ZipFile(tmp_path / "odd.name", "w") as archive:
        archive.write(tmp_path / "folder/a.png", "a.png")
    (tmp_path / "digits").write_bytes(struct.pack(">BBBBIII", 0, 0, 8, 3, 1, 28, 28))
    locations = [*(str(tmp_path / name) for name in ("folder", "odd.name", "digits"))]
    kinds = [open_source(place).origin.kind for place in [*locations, "dicebear:personas"]]

    assert kinds == ["folder", "zip", "idx", "dicebear"]


def test_what_does_not_exist_is_refused_with_what_a_source_may_be() -> None:
    """The message lists the kinds."""
    with pytest.raises(DataError, match="does not exist; a source is a folder, a zip, an IDX"):
        open_source("/nowhere/at/all")
