"""A zip of pictures.

Owns unpacking. The directory of the zip stays in memory, about half a kilobyte for each picture;
the pictures are unpacked one by one, in memory, never onto the disk.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from models.families.progan.config import SQUARE, Size
from training.data.decode import FileDecoder, Shape
from training.data.manifest import DataError, Source
from training.data.sources.pictures import Entry
from training.data.sources.tree import SUFFIXES, Tree, first_resolution, is_picture, survey

MAX_PACKED = 64 * 2**20  # bytes of one unpacked file; more is refused as a bomb
PIECE = 4096  # bytes unpacked at once, so that one which unpacks to more than it says costs little


@dataclass(frozen=True)
class ArchivePictures:
    """A zip as a source of pictures; see `training.pictures.Pictures`."""

    path: Path
    origin: Source
    tree: Tree

    channels = 3

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return self.tree.count

    @property
    def label_names(self) -> tuple[str, ...]:
        """The class names in order of their numbers; empty without classes."""
        return self.tree.label_names

    def natural_resolution(self, base: Size = SQUARE) -> int:
        """The largest whose pictures lie within the first readable one."""
        payloads = (entry.payload for entry in self.entries() if not entry.flaw)
        files = (io.BytesIO(data) for data in payloads if isinstance(data, bytes))
        return first_resolution(files, base)

    def decoder(self, shape: Shape) -> FileDecoder:
        """What decodes the members."""
        return FileDecoder(shape)

    def entries(self) -> Iterator[Entry]:
        """The pictures, sorted by path, unpacked but not decoded."""
        with zipfile.ZipFile(self.path) as archive:
            for member in members(archive):
                data, flaw = unpack(archive, member)
                yield Entry(member.filename, data, self.tree.label_of(member.filename), flaw)


def open_archive(location: str) -> ArchivePictures:
    """The pictures in a zip.

    Raises:
        DataError: there are none, or the zip is damaged.
    """
    path = Path(location)
    try:
        with zipfile.ZipFile(path) as archive:
            tree = survey(member.filename for member in members(archive))
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        raise DataError(f"{location} cannot be read: {error}") from error
    if not tree.count:
        raise DataError(f"{location} holds no pictures ({' '.join(SUFFIXES)})")
    return ArchivePictures(path, Source("zip", path.stem, location), tree)


def members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The pictures in a zip, sorted by path."""
    found = (m for m in archive.infolist() if not m.is_dir() and is_picture(m.filename))
    return sorted(found, key=lambda member: member.filename.split("/"))


def unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[bytes, str]:
    """The bytes of a member, and why there are none if there are none."""
    if member.file_size > MAX_PACKED:
        return b"", f"has {member.file_size:,} bytes, more than {MAX_PACKED:,}"
    try:
        with archive.open(member) as file:
            return b"".join(iter(lambda: file.read(PIECE), b"")), ""
    except Exception as error:  # noqa: BLE001  # a broken member may raise anything
        return b"", f"cannot be unpacked: {error}"
