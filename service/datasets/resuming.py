"""Unfinished archives on disk: how far they are whole, and where to go on.

Owns the walk over the parts of a ZIP or tar file: only heads and records are read. What follows the
last whole part is cut off, so that the continued file has the bytes of one that was written at
once. Knows no pictures.
"""

from __future__ import annotations

import os
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from pydantic import ValidationError

from service.datasets.archives import (
    DESCRIPTION_FILE,
    TAR_DESCRIPTION,
    WebDatasetArchive,
    ZipArchive,
    zip_names,
)
from service.datasets.dataset import Dataset
from service.datasets.manifest import Description, PictureRecord
from service.datasets.zip_stream import ENTRY_HEAD, ENTRY_SIGNATURE

LARGEST_RECORD: Final = 2**20  # bytes of a description or a piece of the manifest
NO_DATASET: Final = "it holds no data set of this kind: choose another name, or delete it"


class OtherDataset(ValueError):
    """A file holds another data set than the one that is to be written into it."""


@dataclass(frozen=True, slots=True)
class ArchivePart:
    """One entry of an archive on disk.

    Attributes:
        checksum: CRC-32 of its content; 0 in a tar file, which has none.
        start, end: places of the first byte of its content, and of the next entry.
    """

    name: str
    checksum: int
    size: int
    start: int
    end: int


def require_same(content: bytes, dataset: Dataset) -> None:
    """Check the description of a file that is to be continued.

    Raises:
        OtherDataset: it describes another data set; the message names the differences.
    """
    if not _is_description(content):
        raise OtherDataset(NO_DATASET)
    present = Description.model_validate_json(content).model_dump()
    wanted = dataset.description().model_dump()
    other = [f"{name} {present[name]}" for name in wanted if present[name] != wanted[name]]
    if other:
        raise OtherDataset(
            f"it holds another data set ({', '.join(other)}): choose another name, or delete it"
        )


def description_in(file: BinaryIO) -> bytes:
    """Return the first record of a finished ZIP or tar file; empty if it is neither."""
    first = next(zip_parts(file), None) or next(tar_parts(file), None)
    return part_content(file, first) if first else b""


def resume_zip(file: BinaryIO, archive: ZipArchive, dataset: Dataset) -> int:
    """Count what a ZIP file holds up to its last piece of the manifest, and cut off the rest.

    Args:
        file: opened for reading and writing; afterwards at its end. Empty if it was torn before the
            end of its description: nothing of it can be used.
        archive: a new one.
        dataset: the data set that the file must hold.

    Returns:
        The first seed whose picture is missing.

    Raises:
        OtherDataset: the file holds another data set.
    """
    names, entries = zip_names(dataset), list[tuple[str, int, int]]()
    next_seed, end = dataset.from_seed, 0
    head = b"".join(ZipArchive(dataset).begin())[: ENTRY_HEAD.size + len(DESCRIPTION_FILE)]
    if not _has_description(file, _first_entry(file), DESCRIPTION_FILE, head):
        _cut(file, 0)
        return next_seed
    for part in zip_parts(file):
        if part.name != next(names, None):
            break
        entries.append((part.name, part.checksum, part.size))
        if part.name == DESCRIPTION_FILE:
            require_same(part_content(file, part), dataset)
            records = list[PictureRecord]()
        elif part.name.endswith(".jsonl"):
            records = _records(part_content(file, part))
            if not records:
                break
            next_seed = int(records[-1].seed) + 1
        else:
            continue
        archive.skip(entries, records)
        entries.clear()
        end = part.end
    _cut(file, end)
    return next_seed


def resume_tar(file: BinaryIO, archive: WebDatasetArchive, dataset: Dataset) -> int:
    """Count the whole samples of a tar file, and cut off the rest; otherwise as `resume_zip`."""
    next_seed, end = dataset.from_seed, 0
    head = b"".join(WebDatasetArchive(dataset).begin())[: tarfile.BLOCKSIZE]
    if not _has_description(file, next(tar_parts(file), None), TAR_DESCRIPTION, head):
        _cut(file, 0)
        return next_seed
    for part in tar_parts(file):
        if part.name == TAR_DESCRIPTION:
            require_same(part_content(file, part), dataset)
            end = part.end
        elif part.name.endswith(".json"):
            records = _records(part_content(file, part))
            if [record.seed for record in records] != [str(next_seed)]:
                break
            archive.skip(records[0])
            next_seed, end = next_seed + 1, part.end
    _cut(file, end)
    return next_seed


def zip_parts(file: BinaryIO) -> Iterator[ArchivePart]:
    """Yield the whole entries of a ZIP file from its front, up to the first damage."""
    length, at = os.fstat(file.fileno()).st_size, 0
    while at + ENTRY_HEAD.size <= length:
        file.seek(at)
        fields = ENTRY_HEAD.unpack(file.read(ENTRY_HEAD.size))
        signature, checksum, size, name_length, more = (fields[i] for i in (0, 6, 8, 9, 10))
        start = at + ENTRY_HEAD.size + name_length
        if signature != ENTRY_SIGNATURE or more or start + size > length:
            return
        name = file.read(name_length).decode("ascii", "replace")
        at = start + size
        yield ArchivePart(name, checksum, size, start, at)


def tar_parts(file: BinaryIO) -> Iterator[ArchivePart]:
    """Yield the whole members of a tar file from its front, up to its end or the first damage."""
    length, at = os.fstat(file.fileno()).st_size, 0
    while at + tarfile.BLOCKSIZE <= length:
        file.seek(at)
        try:
            head = tarfile.TarInfo.frombuf(file.read(tarfile.BLOCKSIZE), "ascii", "replace")
        except tarfile.HeaderError:
            return
        start = at + tarfile.BLOCKSIZE
        at = start + head.size + -head.size % tarfile.BLOCKSIZE
        if at > length:
            return
        yield ArchivePart(head.name, 0, head.size, start, at)


def _has_description(file: BinaryIO, first: ArchivePart | None, name: str, head: bytes) -> bool:
    """True if a file begins with a whole description; False if that one was torn.

    Args:
        file: the unfinished file.
        first: its first whole part, which must have this name.
        name: as in `first`.
        head: the bytes before the description of the wanted data set.

    Raises:
        OtherDataset: the file begins with something else.
    """
    if first and first.name == name and _is_description(part_content(file, first)):
        return True
    if not _begins_like(file, head):
        raise OtherDataset(NO_DATASET)
    return False


def _begins_like(file: BinaryIO, head: bytes) -> bool:
    """True if a file begins with `head`, or a piece of it and then zeros, as lost power leaves."""
    file.seek(0)
    present = file.read(len(head))
    rest = present[len(os.path.commonprefix([present, head])) :]
    if present == head:
        return True
    while not any(rest):
        rest = file.read(LARGEST_RECORD)
        if not rest:
            return True
    return False


def _first_entry(file: BinaryIO) -> ArchivePart | None:
    """Return the first entry of a ZIP file if its content has its checksum."""
    first = next(zip_parts(file), None)
    if first is None:
        return None
    file.seek(first.start)
    checksum, left = 0, first.size
    while left:
        content = file.read(min(left, LARGEST_RECORD))
        checksum, left = zlib.crc32(content, checksum), left - len(content)
    return first if checksum == first.checksum else None


def _is_description(content: bytes) -> bool:
    try:
        _ = Description.model_validate_json(content)
    except ValidationError:
        return False
    return True


def part_content(file: BinaryIO, part: ArchivePart) -> bytes:
    """Return the content of a record, a mebibyte at most."""
    file.seek(part.start)
    return file.read(min(part.size, LARGEST_RECORD))


def _records(content: bytes) -> list[PictureRecord]:
    """Return the records of a piece of the manifest; none if one is damaged."""
    try:
        return [PictureRecord.model_validate_json(line) for line in content.splitlines()]
    except ValidationError:
        return []


def _cut(file: BinaryIO, end: int) -> None:
    file.seek(end)
    file.truncate()
