"""Unfinished archives: cut at any byte, continued, and equal to one written at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.datasets.archives import WebDatasetArchive, ZipArchive
from service.datasets.dataset import Dataset
from service.datasets.resuming import (
    OtherDataset,
    description_in,
    require_same,
    resume_tar,
    resume_zip,
)
from service.datasets.zip_stream import ENTRY_HEAD
from tests.service.dataset_files import painted_dataset, painted_entry, whole
from tests.service.painter import card_named

KINDS = {"zip": (ZipArchive, resume_zip), "tar": (WebDatasetArchive, resume_tar)}
DATASET = painted_dataset(95, 12, card=card_named("pets", labels=("cat", "dog")))
WHOLE = {name: whole(DATASET, open_archive(DATASET)) for name, (open_archive, _) in KINDS.items()}


def continued(file: BinaryIO, dataset: Dataset, kind: str) -> int:
    """Write the rest of an archive; returns the seed at which it went on."""
    open_archive, resume = KINDS[kind]
    archive: Any = open_archive(dataset)
    resume_any: Callable[..., int] = resume
    next_seed = resume_any(file, archive, dataset)
    if file.tell() == 0:
        file.writelines(archive.begin())
    for seed in range(next_seed, dataset.seeds.stop):
        file.writelines(archive.add(painted_entry(dataset, seed)))
    file.writelines(archive.end())
    file.flush()
    return next_seed


@pytest.mark.parametrize("kind", KINDS)
@given(share=st.floats(0, 1))
def test_an_archive_that_was_cut_anywhere_is_continued_to_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, kind: str, share: float
) -> None:
    """Also within a head, a picture, a piece of the manifest, the directory."""
    path = tmp_path_factory.mktemp("cut") / "archive"
    content = WHOLE[kind]
    path.write_bytes(content[: round(share * len(content))])
    with path.open("r+b") as file:
        _ = continued(file, DATASET, kind)

    assert path.read_bytes() == content


@pytest.mark.parametrize("kind", KINDS)
@given(share=st.floats(0, 1), torn=st.binary(min_size=1, max_size=600))
def test_what_is_torn_at_the_end_is_cut_off(
    tmp_path_factory: pytest.TempPathFactory, kind: str, share: float, torn: bytes
) -> None:
    """Zeros or anything else after the last whole part, as a lost power may leave them.

    A file without a whole description is not known to be ours.
    """
    path = tmp_path_factory.mktemp("torn") / "archive"
    content = WHOLE[kind]
    mark = {"zip": b"manifest/", "tar": b"000096.png"}[kind]
    before_name = {"zip": ENTRY_HEAD.size, "tar": 0}[kind]
    first, whole_part = (content.index(name) - before_name for name in (b"000095.png", mark))
    path.write_bytes(content[: first + round(share * (whole_part - first))] + torn)
    with path.open("r+b") as file:
        _ = continued(file, DATASET, kind)

    assert path.read_bytes() == content


@pytest.mark.parametrize("torn", [b"\0", b"{}"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_torn_description_is_written_again(tmp_path: Path, kind: str, torn: bytes) -> None:
    """A file system that lost its power has kept the size and the first block of the file."""
    path = tmp_path / "archive"
    content = WHOLE[kind]
    kept = content[: content.index(b'"count"')]
    path.write_bytes(kept + torn * 4096)
    with path.open("r+b") as file:
        went_on = continued(file, DATASET, kind)

    assert (went_on, path.read_bytes()) == (95, content)


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_part_is_not_made_again(tmp_path: Path, kind: str) -> None:
    """A tar file goes on with the next picture, a ZIP file after its last piece of the manifest."""
    path = tmp_path / "archive"
    content = WHOLE[kind]
    path.write_bytes(content[: content.index(b"000103.png")])
    with path.open("r+b") as file:
        went_on = continued(file, DATASET, kind)

    assert went_on == {"zip": 100, "tar": 103}[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_another_data_set_is_never_overwritten(tmp_path: Path, kind: str) -> None:
    """The message names what differs, and the file stays."""
    path = tmp_path / "archive"
    path.write_bytes(WHOLE[kind])
    other = painted_dataset(95, 13, card=card_named("pets", labels=("cat", "dog")))
    with path.open("r+b") as file, pytest.raises(OtherDataset, match=r"\(count 12\)"):
        _ = continued(file, other, kind)

    assert path.read_bytes() == WHOLE[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_the_description_of_a_finished_archive_is_found(tmp_path: Path, kind: str) -> None:
    """Without reading the rest."""
    path = tmp_path / "archive"
    path.write_bytes(WHOLE[kind])
    with path.open("rb") as file:
        require_same(description_in(file), DATASET)


def test_a_file_of_another_kind_is_no_data_set(tmp_path: Path) -> None:
    """Nor is an empty one."""
    path = tmp_path / "notes.txt"
    path.write_bytes(b"my notes" * 200)
    with path.open("rb") as file, pytest.raises(OtherDataset, match="no data set"):
        require_same(description_in(file), DATASET)
