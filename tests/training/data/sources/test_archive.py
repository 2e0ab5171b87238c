"""A zip as a source."""

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from training.data.manifest import DataError
from training.data.sources.archive import open_archive


def png(size: int = 16) -> bytes:
    """A picture as a file."""
    file = io.BytesIO()
    Image.new("RGB", (size, size)).save(file, "PNG")
    return file.getvalue()


def pack(path: Path, members: dict[str, bytes]) -> str:
    """A zip of these files; where it lies."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return str(path)


def test_members_come_sorted_with_their_bytes_and_classes(tmp_path: Path) -> None:
    """A zip and the folder it was made of give the same pictures."""
    members = {"set/dog/1.png": png(16), "set/cat/2.png": png(32), "set/readme.txt": b""}
    pictures = open_archive(pack(tmp_path / "pets.zip", members))
    entries = list(pictures.entries())

    assert [(entry.name, entry.label) for entry in entries] == [
        ("set/cat/2.png", 0),
        ("set/dog/1.png", 1),
    ]
    assert entries[1].payload == png(16)
    assert pictures.label_names == ("cat", "dog")
    assert pictures.natural_resolution() == 32
    assert pictures.origin.name == "pets"


def test_a_bomb_is_named_and_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member that promises too many bytes is a flaw of that member alone."""
    monkeypatch.setattr("training.data.sources.archive.MAX_PACKED", 1000)
    location = pack(tmp_path / "a.zip", {"a.png": bytes(1001), "b.png": png()})
    bomb, good = open_archive(location).entries()

    assert bomb.flaw == "is too large for a zip (1,001 bytes, at most 1,000)"
    assert bomb.payload == b""
    assert good.flaw == ""


def test_a_bomb_that_says_it_is_small_is_not_unpacked_either(tmp_path: Path) -> None:
    """Where a member unpacks to more than the directory says, memory stays bounded."""
    path = Path(pack(tmp_path / "a.zip", {"a.png": bytes(48 * 2**20)}))
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.rfind(b"PK\x01\x02") + 24, 1000)
    path.write_bytes(content)

    tracemalloc.start()
    (bomb,) = open_archive(str(path)).entries()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert "cannot be unpacked" in bomb.flaw
    assert peak < 8 * 2**20


@pytest.mark.parametrize("begin", ["./", "set//", "/"])
def test_classes_are_right_however_paths_are_written(tmp_path: Path, begin: str) -> None:
    """Some programs write paths into a zip that begin with a dot, or have two slashes."""
    members = {f"{begin}cat/1.png": png(), f"{begin}dog/2.png": png()}
    pictures = open_archive(pack(tmp_path / "pets.zip", members))

    assert pictures.label_names == ("cat", "dog")
    assert [entry.label for entry in pictures.entries()] == [0, 1]


def test_a_damaged_member_is_named_and_the_rest_go_on(tmp_path: Path) -> None:
    """A wrong checksum is a flaw of one picture."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", b"A" * 100)
        archive.writestr("b.png", png())
    path.write_bytes(path.read_bytes().replace(b"A" * 100, b"B" * 100))
    damaged, good = open_archive(str(path)).entries()

    assert "cannot be unpacked" in damaged.flaw
    assert good.payload == png()


def test_a_zip_without_pictures_or_cut_short_is_refused(tmp_path: Path) -> None:
    """The message names the zip."""
    with pytest.raises(DataError, match="a.zip holds no pictures"):
        open_archive(pack(tmp_path / "a.zip", {"a.txt": b""}))
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(DataError, match="b.zip cannot be read"):
        open_archive(str(tmp_path / "b.zip"))


@pytest.mark.parametrize(
    ("name", "damage"),
    [("é.png", ("é".encode(), b"\xff\xfe")), ("a.png", (b"\x14\x03\x14", b"??c"))],
)
def test_a_zip_whose_directory_is_damaged_is_refused(
    tmp_path: Path, name: str, damage: tuple[bytes, bytes]
) -> None:
    """A name that is no text, a version that does not exist: the message names the zip."""
    path = Path(pack(tmp_path / "a.zip", {name: png()}))
    path.write_bytes(path.read_bytes().replace(*damage))

    with pytest.raises(DataError, match="a.zip cannot be read"):
        open_archive(str(path))


def raw_names(path: Path, names: dict[bytes, bytes]) -> str:
    """A zip whose members have these bytes as names, as programs of other systems write them."""
    stand_ins = {chr(65 + number) * len(name): name for number, name in enumerate(names)}
    pack(path, dict(zip(stand_ins, names.values(), strict=True)))
    content = path.read_bytes()
    for stand_in, name in stand_ins.items():
        content = content.replace(stand_in.encode(), name)
    path.write_bytes(content)
    return str(path)


def test_a_zip_of_windows(tmp_path: Path) -> None:
    """Backslashes between folders, code page 437, and what Explorer adds."""
    names = {
        b"tiere\\K\x84fer\\1.png": png(),
        b"tiere\\H\x81hner\\2.png": png(),
        b"tiere\\H\x81hner\\Thumbs.db": b"",
        b"tiere\\K\x84fer\\desktop.ini": b"",
    }
    pictures = open_archive(raw_names(tmp_path / "a.zip", names))

    assert pictures.label_names == ("Hühner", "Käfer")
    assert [entry.name for entry in pictures.entries()] == [
        "tiere/Hühner/2.png",
        "tiere/Käfer/1.png",
    ]
    assert pictures.passed_over == {"hidden, or of the system": 2}


def test_a_zip_of_macos(tmp_path: Path) -> None:
    """UTF-8 that is not marked as such, accents apart, and a second tree of resource forks."""
    beetle = "Ka\u0308fer".encode()
    names = {
        b"pets/" + beetle + b"/1.png": png(),
        b"pets/Hund/2.png": png(),
        b"pets/.DS_Store": b"",
        b"__MACOSX/pets/Hund/._2.png": b"",
    }
    pictures = open_archive(raw_names(tmp_path / "a.zip", names))

    assert pictures.label_names == ("Hund", "Käfer")
    assert [entry.label for entry in pictures.entries()] == [0, 1]
    assert pictures.passed_over == {"hidden, or of the system": 2}


def test_members_are_found_by_their_content(tmp_path: Path) -> None:
    """As in a folder; what is no picture is counted."""
    members = {"IMG_1": png(), "b.jfif": png(), "c.txt": b"text", "../../up.png": png()}
    pictures = open_archive(pack(tmp_path / "a.zip", members))

    assert [entry.name for entry in pictures.entries()] == ["IMG_1", "b.jfif", "up.png"]
    assert pictures.passed_over == {"no picture (.txt)": 1}


def test_the_state_is_that_of_the_members(tmp_path: Path) -> None:
    """Not of the file: the same pictures packed anew are the same."""
    first = open_archive(pack(tmp_path / "a.zip", {"a.png": png(), "notes.txt": b"1"})).state
    again = open_archive(pack(tmp_path / "b.zip", {"a.png": png(), "notes.txt": b"2"})).state
    other = open_archive(pack(tmp_path / "c.zip", {"a.png": png(17)})).state

    assert first == again != other
    assert first.newest == ""
