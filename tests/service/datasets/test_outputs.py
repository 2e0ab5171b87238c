"""Data sets on disk: a process that is killed anywhere loses a few pictures and no more."""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from service.datasets.archives import ARCHIVE_FORMATS, ZipArchive
from service.datasets.dataset import Dataset
from service.datasets.outputs import (
    DatasetOutput,
    archive_output,
    folder_output,
    is_complete,
    partial_path,
)
from service.datasets.resuming import OtherDataset
from tests.service.dataset_files import expected_records, painted_dataset, painted_entry, whole

KINDS = ["folder", *ARCHIVE_FORMATS]


def opened(path: Path, dataset: Dataset, kind: str) -> AbstractContextManager[DatasetOutput]:
    """The output of a kind."""
    if kind == "folder":
        return folder_output(path, dataset)
    return archive_output(path, dataset, ARCHIVE_FORMATS[kind].open(dataset))


def write(path: Path, dataset: Dataset, kind: str, most: int = 1000) -> int:
    """Write the missing pictures, or `most` of them; returns the seed at which it went on."""
    with opened(path, dataset, kind) as output:
        went_on = output.next_seed
        for seed in range(went_on, dataset.seeds.stop)[:most]:
            output.write(painted_entry(dataset, seed))
        if output.next_seed == dataset.seeds.stop:
            output.finish()
    return went_on


def content_of(path: Path) -> dict[str, bytes]:
    """All files of an output by name."""
    if path.is_file():
        return {"": path.read_bytes()}
    return {each.name: each.read_bytes() for each in path.iterdir()}


@pytest.mark.parametrize("kind", KINDS)
def test_in_three_parts_it_has_the_bytes_of_one(tmp_path: Path, kind: str) -> None:
    """And is complete only at the end."""
    dataset = painted_dataset(95, 12)
    write(tmp_path / "once", dataset, kind)
    path = tmp_path / "parts"
    for _ in range(2):
        write(path, dataset, kind, 5)
        assert not is_complete(path, dataset)
    write(path, dataset, kind)

    assert is_complete(path, dataset)
    assert content_of(path) == content_of(tmp_path / "once")
    assert not partial_path(path).exists()


@pytest.mark.parametrize("kind", ARCHIVE_FORMATS)
@pytest.mark.parametrize("share", [0.5, 0.999])
def test_a_cut_file_is_not_complete_and_goes_on_under_its_other_name(
    tmp_path: Path, kind: str, share: float
) -> None:
    """As the message says; so does a download that was cut."""
    dataset = painted_dataset(95, 12)
    path = tmp_path / "set"
    write(path, dataset, kind)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(OtherDataset, match=r"it was cut: rename it to set\.partial"):
        is_complete(path, dataset)
    path.replace(partial_path(path))
    write(path, dataset, kind)

    assert is_complete(path, dataset)
    assert path.read_bytes() == content


def test_a_zip_file_on_disk_has_the_bytes_of_a_stream(tmp_path: Path) -> None:
    """Whoever made it."""
    dataset = painted_dataset(3, 5)
    write(tmp_path / "a.zip", dataset, "zip")

    assert (tmp_path / "a.zip").read_bytes() == whole(dataset, ZipArchive(dataset))


def test_a_folder_has_a_manifest_of_all_pictures(tmp_path: Path) -> None:
    """One line for each, and the files that it names."""
    write(tmp_path, painted_dataset(3, 5), "folder")
    lines = (tmp_path / "manifest.jsonl").read_text("utf-8").splitlines()

    assert [json.loads(line) for line in lines] == expected_records(3, 5)
    assert all((tmp_path / each["file"]).is_file() for each in expected_records(3, 5))


@pytest.mark.parametrize("damage", ["torn line", "torn picture", "lost picture"])
def test_a_folder_goes_on_before_the_damage_of_a_killed_process(
    tmp_path: Path, damage: str
) -> None:
    """A picture that the manifest does not name wholly is made again."""
    dataset = painted_dataset(0, 8)
    write(tmp_path / "once", dataset, "folder")
    folder = tmp_path / "killed"
    write(folder, dataset, "folder", 5)
    manifest = folder / "manifest.jsonl"
    if damage == "torn line":
        manifest.write_bytes(manifest.read_bytes()[:-9])
    elif damage == "torn picture":
        (folder / "000005.png").write_bytes(b"\x89PNG")
    else:
        (folder / "000003.png").unlink()
    went_on = write(folder, dataset, "folder")

    assert went_on == {"torn line": 4, "torn picture": 5, "lost picture": 3}[damage]
    assert content_of(folder) == content_of(tmp_path / "once")


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    """A slip of the keyboard must not scatter thousands of pictures among them."""
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(OtherDataset, match="other files"):
        write(tmp_path, painted_dataset(), "folder")

    assert [each.name for each in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("kind", KINDS)
def test_another_data_set_is_refused_finished_or_not(tmp_path: Path, kind: str) -> None:
    """Its description says so."""
    path = tmp_path / "out"
    write(path, painted_dataset(0, 150), kind, 3)
    with pytest.raises(OtherDataset, match="from_seed 0"):
        write(path, painted_dataset(1, 150), kind)
    write(path, painted_dataset(0, 150), kind)
    with pytest.raises(OtherDataset, match="from_seed 0"):
        is_complete(path, painted_dataset(1, 150))


@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_do_not_write_the_same_output(tmp_path: Path, kind: str) -> None:
    """The second is told, and changes nothing."""
    dataset = painted_dataset()
    first = opened(tmp_path / "out", dataset, kind)
    with first, pytest.raises(OSError, match="another process"):
        write(tmp_path / "out", dataset, kind)


@pytest.mark.parametrize("kind", ARCHIVE_FORMATS)
@pytest.mark.parametrize("foreign", [b"%PDF-1.7 my thesis" * 9, b"PK", b"x", bytes(2000) + b"x"])
def test_a_foreign_file_under_the_unfinished_name_is_kept(
    tmp_path: Path, kind: str, foreign: bytes
) -> None:
    """Nothing that is not ours is cut off, of whatever kind it is."""
    content = foreign if foreign != b"PK" else foreign_zip()
    partial_path(tmp_path / "out").write_bytes(content)
    with pytest.raises(OtherDataset, match="choose another name"):
        write(tmp_path / "out", painted_dataset(), kind)

    assert partial_path(tmp_path / "out").read_bytes() == content


def foreign_zip() -> bytes:
    """A ZIP file that begins with something else than a description."""
    dataset = painted_dataset()
    return whole(dataset, ZipArchive(dataset)).replace(b"dataset.json", b"another.json")


@pytest.mark.parametrize("kind", ARCHIVE_FORMATS)
def test_a_link_stays_and_its_target_is_written(tmp_path: Path, kind: str) -> None:
    """Also one whose target is not there yet, as on a larger disk."""
    link, target = tmp_path / "link", tmp_path / "target"
    link.symlink_to(target)
    dataset = painted_dataset()
    write(link, dataset, kind, 3)
    write(link, dataset, kind)

    assert link.is_symlink()
    assert is_complete(target, dataset)
    assert {each.name for each in tmp_path.iterdir()} == {"link", "target"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("kind", ARCHIVE_FORMATS)
def test_an_archive_takes_no_device_s_place(tmp_path: Path, kind: str) -> None:
    """A named pipe here; root would have replaced /dev/null."""
    os.mkfifo(tmp_path / "out")
    with pytest.raises(OtherDataset, match="a device or a pipe"):
        write(tmp_path / "out", painted_dataset(), kind)

    assert (tmp_path / "out").is_fifo()


@pytest.mark.parametrize("kind", ARCHIVE_FORMATS)
def test_an_archive_takes_no_folder_s_place(tmp_path: Path, kind: str) -> None:
    """It is refused before a picture is made, and leaves nothing beside the folder."""
    (tmp_path / "out").mkdir()
    with pytest.raises(OtherDataset, match="it is a folder"):
        write(tmp_path / "out", painted_dataset(), kind)

    assert [each.name for each in tmp_path.iterdir()] == ["out"]
