"""Archives of a data set: the order in a ZIP file, and in a tar file as WebDataset reads it.

Owns the names of the records and their places. A ZIP file has a piece of the manifest after each
hundred seeds; a tar file has the record of each picture beside it. Both hold a hundred records at
most in memory. Knows neither how archives are encoded nor where their bytes go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from service.datasets.dataset import Dataset, PictureEntry
from service.datasets.manifest import Completion, Description, PictureRecord, PicturesDigest
from service.datasets.tar_stream import TAR_END, tar_member
from service.datasets.zip_stream import ZipStream

DESCRIPTION_FILE: Final = "dataset.json"
COMPLETION_FILE: Final = "complete.json"
MANIFEST_SEEDS: Final = 100  # a piece of the manifest ends before each multiple of this
# WebDataset takes no file of this form for a sample; nor do readers that split names at a dot.
TAR_DESCRIPTION: Final = "__dataset__"
TAR_COMPLETION: Final = "__complete__"


class Archive(Protocol):
    """An archive that is written front to back; every method yields its next bytes."""

    def begin(self) -> Iterator[bytes]:
        """The description of the data set."""
        ...

    def add(self, entry: PictureEntry) -> Iterator[bytes]:
        """The next picture; pictures come in the order of their seeds."""
        ...

    def end(self) -> Iterator[bytes]:
        """The closing record, and the end of the file."""
        ...


class ZipArchive:
    """A ZIP file: description, pictures with pieces of the manifest, closing record."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._zip = ZipStream()
        self._digest = PicturesDigest()
        self._records: list[PictureRecord] = []

    def begin(self) -> Iterator[bytes]:
        """The description of the data set."""
        return self._zip.add(DESCRIPTION_FILE, json_file(self._dataset.description()))

    def add(self, entry: PictureEntry) -> Iterator[bytes]:
        """The next picture, and the manifest if a piece of it ends here."""
        yield from self._zip.add(entry.record.file, entry.content)
        self._records.append(entry.record)
        self._digest.add(entry.record)
        if piece_ends(seed := int(entry.record.seed), self._dataset.seeds):
            name = manifest_name(seed, self._dataset.seeds)
            yield from self._zip.add(name, manifest_lines(self._records))
            self._records.clear()

    def skip(
        self, entries: Sequence[tuple[str, int, int]], records: Sequence[PictureRecord]
    ) -> None:
        """Count entries (name, checksum, size) that are written already, with these pictures."""
        for entry in entries:
            self._zip.skip(*entry)
        for record in records:
            self._digest.add(record)

    def end(self) -> Iterator[bytes]:
        """The closing record and the directory."""
        completion = self._digest.completion(self._dataset.from_seed)
        yield from self._zip.add(COMPLETION_FILE, json_file(completion))
        yield from self._zip.end((*zip_names(self._dataset), COMPLETION_FILE))


class WebDatasetArchive:
    """A tar file of samples: picture, class if there is one, and record, in this order."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._digest = PicturesDigest()

    def begin(self) -> Iterator[bytes]:
        """The description of the data set."""
        yield tar_member(TAR_DESCRIPTION, json_file(self._dataset.description()))

    def add(self, entry: PictureEntry) -> Iterator[bytes]:
        """The next sample."""
        record = entry.record
        key = sample_key(record.file)
        yield tar_member(record.file, entry.content)
        if record.class_index is not None:
            yield tar_member(f"{key}.cls", b"%d" % record.class_index)
        yield tar_member(f"{key}.json", record.as_json())
        self.skip(record)

    def skip(self, record: PictureRecord) -> None:
        """Count a sample that is written already."""
        self._digest.add(record)

    def end(self) -> Iterator[bytes]:
        """The closing record, and two blocks of zeros."""
        completion = self._digest.completion(self._dataset.from_seed)
        yield tar_member(TAR_COMPLETION, json_file(completion))
        yield TAR_END


@dataclass(frozen=True)
class ArchiveFormat:
    """A kind of archive.

    Attributes:
        media_type: media type of the answer.
        extension: extension of its file name, with its dot.
        open: begins one for a data set.
    """

    media_type: str
    extension: str
    open: Callable[[Dataset], Archive]


ARCHIVE_FORMATS: Final = {
    "zip": ArchiveFormat("application/zip", ".zip", ZipArchive),
    "webdataset": ArchiveFormat("application/x-tar", ".tar", WebDatasetArchive),
}


def zip_names(dataset: Dataset) -> Iterator[str]:
    """Yield the names of the description, the pictures and the pieces of the manifest, in order."""
    yield DESCRIPTION_FILE
    for seed in dataset.seeds:
        yield dataset.file_name(seed)
        if piece_ends(seed, dataset.seeds):
            yield manifest_name(seed, dataset.seeds)


def piece_ends(seed: int, seeds: range) -> bool:
    """True if a piece of the manifest ends with this seed."""
    return (seed + 1) % MANIFEST_SEEDS == 0 or seed == seeds[-1]


def manifest_name(seed: int, seeds: range) -> str:
    """Return the name of the piece of the manifest that has this seed, made of its first seed."""
    first = max(seeds[0], seed - seed % MANIFEST_SEEDS)
    return f"manifest/{first:06d}.jsonl"


def manifest_lines(records: Sequence[PictureRecord]) -> bytes:
    """Return one line of JSON for each picture."""
    return b"".join(record.as_json() + b"\n" for record in records)


def json_file(record: Description | Completion) -> bytes:
    """Return a record as a file for people."""
    return record.model_dump_json(indent=2).encode() + b"\n"


def sample_key(file_name: str) -> str:
    """Return the name without its extension: the key of a sample."""
    return file_name.partition(".")[0]
