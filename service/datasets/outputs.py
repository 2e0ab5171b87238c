"""Data sets on disk: a folder, a ZIP file or a tar file, each continued where it was stopped.

Owns the unfinished files, their locks and the order of writing: a picture is counted only when it
is whole on disk, so a process that is killed loses a few pictures and no more. Knows neither
engine nor command line.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from pydantic import ValidationError

from service.datasets.archives import (
    COMPLETION_FILE,
    DESCRIPTION_FILE,
    TAR_COMPLETION,
    Archive,
    WebDatasetArchive,
    ZipArchive,
    json_file,
)
from service.datasets.dataset import Dataset, PictureEntry
from service.datasets.manifest import PictureRecord, PicturesDigest
from service.datasets.resuming import (
    OtherDataset,
    description_in,
    require_same,
    resume_tar,
    resume_zip,
)
from service.datasets.tar_stream import TAR_END

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

PARTIAL_SUFFIX: Final = ".partial"
FOLDER_MANIFEST: Final = "manifest.jsonl"
ARCHIVE_END_BYTES: Final = 4096  # the closing record of either kind, and what follows it
ZIP_START: Final = b"PK"
ZIP_END: Final = b"PK\x05\x06"  # of the record at the end of the central directory
ZIP_END_BYTES: Final = 22


class DatasetOutput(Protocol):
    """A place that takes the pictures of a data set in order.

    Attributes:
        next_seed: first seed whose picture is missing.
    """

    next_seed: int

    def write(self, entry: PictureEntry) -> None:
        """Write the next picture."""
        ...

    def finish(self) -> None:
        """Write the closing record; the output is complete."""
        ...


class ArchiveOutput:
    """A ZIP or tar file; until it is complete its name ends with `.partial`.

    Args:
        file: the unfinished file, opened for reading and writing.
        path: its final path.
    """

    def __init__(self, file: BinaryIO, path: Path, dataset: Dataset, archive: Archive) -> None:
        self._file = file
        self._path = path
        self._archive = archive
        if isinstance(archive, ZipArchive):
            self.next_seed = resume_zip(file, archive, dataset)
        else:
            assert isinstance(archive, WebDatasetArchive)
            self.next_seed = resume_tar(file, archive, dataset)
        if file.tell() == 0:
            file.writelines(archive.begin())

    def write(self, entry: PictureEntry) -> None:
        """Write the next picture."""
        self._file.writelines(self._archive.add(entry))
        self.next_seed = int(entry.record.seed) + 1

    def finish(self) -> None:
        """Write the end, and give the file its final name."""
        self._file.writelines(self._archive.end())
        self._file.flush()
        os.fsync(self._file.fileno())
        partial_path(self._path).replace(self._path)


class FolderOutput:
    """A folder with a file for each picture, and a manifest that names those that are whole.

    Args:
        manifest: its manifest, opened for reading and writing.
    """

    def __init__(self, folder: Path, manifest: BinaryIO, dataset: Dataset) -> None:
        self._folder = folder
        self._manifest = manifest
        self._dataset = dataset
        self._digest = PicturesDigest()
        self.next_seed = dataset.from_seed
        end = 0
        for line in manifest:
            if not self._holds(line):
                break
            end += len(line)
        manifest.seek(end)
        manifest.truncate()

    def write(self, entry: PictureEntry) -> None:
        """Write the next picture, then its line of the manifest."""
        (self._folder / entry.record.file).write_bytes(entry.content)
        self._manifest.write(entry.record.as_json() + b"\n")
        self._manifest.flush()
        self._count(entry.record)

    def finish(self) -> None:
        """Write the closing record."""
        os.fsync(self._manifest.fileno())
        completion = self._digest.completion(self._dataset.from_seed)
        path = self._folder / COMPLETION_FILE
        partial_path(path).write_bytes(json_file(completion))
        partial_path(path).replace(path)

    def _holds(self, line: bytes) -> bool:
        """Count a line of the manifest; False if it is torn, out of order, or without its file."""
        try:
            record = PictureRecord.model_validate_json(line)
        except ValidationError:
            return False
        is_next = record.seed == str(self.next_seed) and line.endswith(b"\n")
        if not (is_next and (self._folder / record.file).is_file()):
            return False
        self._count(record)
        return True

    def _count(self, record: PictureRecord) -> None:
        self._digest.add(record)
        self.next_seed = int(record.seed) + 1


@contextmanager
def archive_output(path: Path, dataset: Dataset, archive: Archive) -> Generator[ArchiveOutput]:
    """Open a ZIP or tar file, new or unfinished, for this process alone.

    Raises:
        OtherDataset: the unfinished file holds another data set, or `path` is a folder or a device.
        OSError: it cannot be written, or another process writes it.
    """
    path = Path(os.path.realpath(path))  # a link stays, and its target is written
    if path.exists() and not path.is_file():
        raise OtherDataset("it is a folder, a device or a pipe: choose the name of a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(path)
    partial.touch()
    with partial.open("r+b") as file:
        _lock(file)
        yield ArchiveOutput(file, path, dataset, archive)


@contextmanager
def folder_output(folder: Path, dataset: Dataset) -> Generator[FolderOutput]:
    """Open a folder, new or unfinished, for this process alone.

    Raises:
        OtherDataset: it holds another data set, or other files.
        OSError: it cannot be written, or another process writes it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    description = folder / DESCRIPTION_FILE
    if description.is_file():
        require_same(description.read_bytes(), dataset)
    elif any(each.name != f"{DESCRIPTION_FILE}{PARTIAL_SUFFIX}" for each in folder.iterdir()):
        raise OtherDataset("it holds other files: choose another folder")
    else:
        partial = partial_path(description)
        partial.write_bytes(json_file(dataset.description()))
        partial.replace(description)
    manifest = folder / FOLDER_MANIFEST
    manifest.touch()
    with manifest.open("r+b") as file:
        _lock(file)
        yield FolderOutput(folder, file, dataset)


def is_complete(path: Path, dataset: Dataset) -> bool:
    """True if this data set lies at this path, complete.

    Raises:
        OtherDataset: another one does, or another file, or a part of this one.
    """
    if path.is_file():
        with path.open("rb") as file:
            require_same(description_in(file), dataset)
            if not _has_end(file):
                raise OtherDataset(
                    f"it was cut: rename it to {partial_path(path).name}, and the same command "
                    "goes on with it"
                )
        return True
    if not (path / COMPLETION_FILE).is_file():
        return False
    require_same((path / DESCRIPTION_FILE).read_bytes(), dataset)
    return True


def _has_end(file: BinaryIO) -> bool:
    """True if an archive ends with its closing record, and then as archives of its kind end."""
    file.seek(0)
    is_zip = file.read(len(ZIP_START)) == ZIP_START
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - ARCHIVE_END_BYTES))
    end = file.read()
    if is_zip:
        return ZIP_END in end[-ZIP_END_BYTES:] and COMPLETION_FILE.encode() in end
    whole_blocks = size % tarfile.BLOCKSIZE == 0
    return whole_blocks and end.endswith(TAR_END) and TAR_COMPLETION.encode() in end


def partial_path(path: Path) -> Path:
    """Return the path of an unfinished file."""
    return path.with_name(path.name + PARTIAL_SUFFIX)


def _lock(file: BinaryIO) -> None:
    """Lock an open file, where the system has locks.

    Raises:
        OSError: another process has locked it.
    """
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OSError("another process writes it: wait until it has ended") from error
