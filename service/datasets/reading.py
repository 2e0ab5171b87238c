"""Data sets on disk, whole or cut: their description, the records of their pictures, their end.

Owns the reading of ZIP files, tar files and folders from their front, so that a file whose end is
missing can be read as far as it goes. Holds one piece of the manifest at a time. Knows no pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from pydantic import ValidationError

from service.datasets.archives import (
    COMPLETION_FILE,
    DESCRIPTION_FILE,
    TAR_COMPLETION,
    TAR_DESCRIPTION,
)
from service.datasets.manifest import (
    Completion,
    Description,
    PictureRecord,
    PicturesDigest,
    Record,
)
from service.datasets.outputs import FOLDER_MANIFEST
from service.datasets.resuming import ArchivePart, part_content, tar_parts, zip_parts

R = TypeVar("R", bound=Record)

DESCRIPTIONS: Final = (DESCRIPTION_FILE, TAR_DESCRIPTION)
COMPLETIONS: Final = (COMPLETION_FILE, TAR_COMPLETION)


class UnreadableDataset(ValueError):
    """A file holds no data set, or a damaged one."""


class DatasetReader:
    """One data set on disk.

    Args:
        path: a ZIP file, a tar file or a folder.

    Attributes:
        description: of the whole; set when the first record is read.
        completion: the closing record; None until it is read, and for a data set that was cut.

    Raises:
        OSError: it cannot be read.
        UnreadableDataset: it holds no data set; also raised while its records are read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = PicturesDigest()
        self.completion: Completion | None = None
        self.description = self._description()

    @property
    def count(self) -> int:
        """Number of pictures that were read."""
        return self._digest.count

    @property
    def next_seed(self) -> int:
        """The first seed whose picture was not read."""
        return int(self.description.from_seed) + self.count

    @property
    def is_complete(self) -> bool:
        """True if all records were read, and the closing one proves them."""
        return self.completion == self._digest.completion(int(self.description.from_seed))

    def records(self) -> Iterator[PictureRecord]:
        """Yield the records of all pictures, in order.

        Raises:
            UnreadableDataset: the records have a gap.
        """
        for content in self._contents():
            for line in content.splitlines():
                record = _valid(PictureRecord, line)
                if record.seed != str(self.next_seed):
                    raise UnreadableDataset(
                        f"seed {self.next_seed} is missing before seed {record.seed}"
                    )
                self._digest.add(record)
                yield record

    def _description(self) -> Description:
        if self._path.is_dir():
            return _valid(Description, (self._path / DESCRIPTION_FILE).read_bytes())
        with self._path.open("rb") as file:
            first = next(_parts(file), None)
            if first is None or first.name not in DESCRIPTIONS:
                raise UnreadableDataset("it holds no data set")
            return _valid(Description, part_content(file, first))

    def _contents(self) -> Iterator[bytes]:
        """Yield pieces of the manifest; keep the closing record."""
        if self._path.is_dir():
            yield from _whole_lines(self._path / FOLDER_MANIFEST)
            completion = self._path / COMPLETION_FILE
            if completion.is_file():
                self.completion = _valid(Completion, completion.read_bytes())
            return
        with self._path.open("rb") as file:
            for part in _parts(file):
                if part.name in COMPLETIONS:
                    self.completion = _valid(Completion, part_content(file, part))
                    return
                if part.name not in DESCRIPTIONS and part.name.endswith((".json", ".jsonl")):
                    yield part_content(file, part)


def _parts(file: BinaryIO) -> Iterator[ArchivePart]:
    """Yield the parts of a ZIP file, or of a tar file if it is none."""
    is_zip = next(zip_parts(file), None) is not None
    return zip_parts(file) if is_zip else tar_parts(file)


def _whole_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file; a last one without its end was torn, and is left out."""
    with path.open("rb") as file:
        yield from (line for line in file if line.endswith(b"\n"))


def _valid(kind: type[R], content: bytes) -> R:
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise UnreadableDataset(f"a record is damaged: {content[:60]!r}") from error
