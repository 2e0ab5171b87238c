"""ZIP files written front to back: as other programs read them."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from service.datasets import zip_stream
from service.datasets.zip_stream import ENTRY_HEAD, FULL_32, ZipStream

FILES = [("a.txt", b"first"), ("folder/b.bin", bytes(range(256))), ("empty", b"")]


def zipped(files: Sequence[tuple[str, bytes]], stream: ZipStream | None = None) -> bytes:
    """A ZIP file of these files."""
    archive = stream or ZipStream()
    content = b"".join(piece for name, data in files for piece in archive.add(name, data))
    return content + b"".join(archive.end(name for name, _ in files))


def test_other_readers_get_every_file_back() -> None:
    """Names, content and checksums, by Python's zipfile."""
    archive = zipfile.ZipFile(io.BytesIO(zipped(FILES)))

    assert archive.testzip() is None
    assert archive.namelist() == [name for name, _ in FILES]
    assert [archive.read(name) for name, _ in FILES] == [data for _, data in FILES]
    assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_the_same_files_are_the_same_bytes() -> None:
    """No time enters; the date is the oldest that the format has."""
    assert zipped(FILES) == zipped(FILES)
    infos = zipfile.ZipFile(io.BytesIO(zipped(FILES))).infolist()
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}


def test_sizes_stand_before_the_content() -> None:
    """So a file whose end is missing can be read from its front."""
    fields = ENTRY_HEAD.unpack_from(zipped(FILES))

    assert fields[2] == 0  # no flag, above all not that of sizes that follow the content
    assert fields[7] == fields[8] == len(b"first")


def test_large_offsets_and_many_entries_stand_in_zip64_fields() -> None:
    """With limits lowered to a few bytes: readers follow the fields wherever they are used."""
    content = zipped(FILES, ZipStream(limit=40, count_limit=2))
    archive = zipfile.ZipFile(io.BytesIO(content))

    assert archive.testzip() is None
    assert [archive.read(name) for name, _ in FILES] == [data for _, data in FILES]
    assert b"PK\x06\x06" in content
    assert struct.pack("<I", FULL_32) in content


def test_more_entries_than_sixteen_bits_count() -> None:
    """Seventy thousand, read back by their number and their last one."""
    files = [(f"{n:06d}", b"%d" % n) for n in range(70_000)]
    archive = zipfile.ZipFile(io.BytesIO(zipped(files)))

    assert len(archive.namelist()) == 70_000
    assert archive.read("069999") == b"69999"


def test_names_that_do_not_fit_the_entries_are_a_fault() -> None:
    """A directory with too few names would lose files silently."""
    archive = ZipStream()
    list(archive.add("a", b""))

    with pytest.raises(ValueError, match="zip"):
        list(archive.end([]))


def test_an_entry_of_four_gigabytes_is_refused() -> None:
    """Its size would not fit into its field."""

    class Huge(bytes):
        def __len__(self) -> int:
            return FULL_32

    with pytest.raises(ValueError, match="too many for one entry"):
        list(ZipStream().add("a", Huge()))


def test_an_entry_costs_eight_bytes_of_memory() -> None:
    """Two numbers of four bytes; names are given again at the end."""
    archive = ZipStream()
    for n in range(1000):
        list(archive.add(f"{n:06d}", b"x"))

    kept = [each for each in vars(archive).values() if isinstance(each, zip_stream.array)]
    assert sum(each.itemsize * len(each) for each in kept) == 8 * 1000


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_reads_it(tmp_path: Path) -> None:
    """Info-ZIP, which most systems have; also with ZIP64 fields."""
    for number, stream in enumerate((ZipStream(), ZipStream(limit=40, count_limit=2))):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(zipped(FILES, stream))
        run = subprocess.run(["unzip", "-t", path], capture_output=True, text=True, check=False)

        assert run.returncode == 0, run.stdout + run.stderr
        assert "No errors detected" in run.stdout
