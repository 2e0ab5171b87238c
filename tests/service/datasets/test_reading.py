"""Data sets on disk: read whole, read as far as they go, or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.datasets.archives import ARCHIVE_FORMATS, TAR_DESCRIPTION, Archive
from service.datasets.outputs import folder_output
from service.datasets.reading import DatasetReader, UnreadableDataset
from service.datasets.tar_stream import tar_member
from tests.service.dataset_files import expected_records, painted_dataset, painted_entry, whole

DATASET = painted_dataset(95, 12)
KINDS = ["folder", *ARCHIVE_FORMATS]


def archive_of(kind: str) -> Archive:
    """A new archive of the data set."""
    return ARCHIVE_FORMATS[kind].open(DATASET)


def write(path: Path, kind: str, most: int = 12) -> Path:
    """The data set on disk, up to a number of pictures."""
    if kind != "folder":
        content = whole(DATASET, archive_of(kind))
        end = content.index(b"%06d.png" % (95 + most)) if most < 12 else len(content)
        path.write_bytes(content[:end])
        return path
    with folder_output(path, DATASET) as output:
        for seed in DATASET.seeds[:most]:
            output.write(painted_entry(DATASET, seed))
        if most == 12:
            output.finish()
    return path


def read(path: Path) -> tuple[DatasetReader, list[dict[str, Any]]]:
    """A reader after its last record, and all records."""
    reader = DatasetReader(path)
    return reader, [json.loads(record.as_json()) for record in reader.records()]


@pytest.mark.parametrize("kind", KINDS)
def test_a_complete_one_is_read_and_proved(tmp_path: Path, kind: str) -> None:
    """Whatever its form."""
    reader, records = read(write(tmp_path / "data", kind))

    assert records == expected_records(95, 12)
    assert reader.is_complete
    assert (reader.count, reader.next_seed) == (12, 107)
    assert reader.description == DATASET.description()


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_one_is_read_as_far_as_it_goes(tmp_path: Path, kind: str) -> None:
    """A ZIP file up to its last piece of the manifest."""
    reader, records = read(write(tmp_path / "data", kind, 7))
    count = 5 if kind == "zip" else 7

    assert records == expected_records(95, count)
    assert not reader.is_complete
    assert reader.completion is None
    assert reader.next_seed == 95 + count


def test_a_closing_record_of_other_pictures_proves_nothing(tmp_path: Path) -> None:
    """Somebody has changed a record."""
    folder = write(tmp_path / "data", "folder")
    manifest = folder / "manifest.jsonl"
    lines = manifest.read_text("utf-8").splitlines(keepends=True)
    digest = json.loads(lines[3])["pixel_sha256"]
    lines[3] = lines[3].replace(digest, "0" * 64)
    manifest.write_text("".join(lines), "utf-8")
    reader, _ = read(folder)

    assert reader.completion is not None
    assert not reader.is_complete


def test_a_gap_is_a_fault(tmp_path: Path) -> None:
    """A manifest without a picture in the middle is not one of a shorter data set."""
    folder = write(tmp_path / "data", "folder")
    manifest = folder / "manifest.jsonl"
    lines = manifest.read_bytes().splitlines(keepends=True)
    manifest.write_bytes(b"".join(lines[:3] + lines[4:]))

    with pytest.raises(UnreadableDataset, match="seed 98 is missing before seed 99"):
        read(folder)


def test_a_torn_last_line_of_a_folder_is_no_picture(tmp_path: Path) -> None:
    """It is made again when the data set is continued."""
    folder = write(tmp_path / "data", "folder", 7)
    manifest = folder / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes()[:-9])

    assert read(folder)[0].count == 6


@pytest.mark.parametrize("content", [b"", b"notes" * 300, tar_member("a.txt", b"b")])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    """By their first record."""
    path = tmp_path / "other"
    path.write_bytes(content)

    with pytest.raises(UnreadableDataset, match="no data set"):
        DatasetReader(path)


def test_a_damaged_record_is_shown(tmp_path: Path) -> None:
    """As far as a person needs it."""
    path = tmp_path / "damaged"
    path.write_bytes(tar_member(TAR_DESCRIPTION, b'{"model": 7}'))

    with pytest.raises(UnreadableDataset, match="a record is damaged"):
        DatasetReader(path)
