r"""A zip as a source of pictures.

Owns unpacking and the names in zips. The directory of the zip stays in memory, about half a
kilobyte per picture; the pictures are unpacked one by one, in memory, never to disk.

**Names.** Windows separates folders by `\`, some tools begin names with `./`: both are normalised.
A name without the UTF-8 flag is decoded as UTF-8 if its bytes are valid (as macOS writes it), and
else as code page 437, as the format specifies (PKWARE APPNOTE 6.3.10, appendix D).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from models.resolution import SQUARE, Size
from training.data.decode import FileDecoder
from training.data.kinds import HEAD, is_picture, reason_to_pass
from training.data.manifest import DataError, Source
from training.data.shape import Shape
from training.data.sources.pictures import Entry
from training.data.sources.state import Found, SourceState
from training.data.sources.tree import (
    Passed,
    Tree,
    first_resolution,
    no_pictures,
    pass_reason,
    read_tree,
)

MAX_PACKED = 64 * 2**20  # bytes of one unpacked file; larger ones are refused as bombs
READ_BYTES = 4096  # bytes per read, so that a member larger than it declares is detected early
UTF8_FLAG = 0x800


@dataclass(frozen=True)
class ArchivePictures:
    """A zip as a source of pictures; see `PictureSource`."""

    path: Path
    origin: Source
    tree: Tree

    channels = 3

    @property
    def count(self) -> int:
        """Number of pictures."""
        return self.tree.count

    @property
    def label_names(self) -> tuple[str, ...]:
        """The class names in order of their numbers; empty without classes."""
        return self.tree.label_names

    @property
    def state(self) -> SourceState:
        """Sizes and checksums of all pictures."""
        return self.tree.state

    @property
    def passed_over(self) -> dict[str, int]:
        """Reason -> number of files that do not count as pictures."""
        return self.tree.passed_over

    def natural_resolution(self, base: Size = SQUARE) -> int:
        """The largest resolution that fits into the first readable picture."""
        payloads = (entry.payload for entry in self.entries() if not entry.flaw)
        return first_resolution((data for data in payloads if isinstance(data, bytes)), base)

    def decoder(self, shape: Shape) -> FileDecoder:
        """The decoder of the pictures."""
        return FileDecoder(shape)

    def entries(self) -> Iterator[Entry]:
        """The pictures, sorted by path, unpacked but not decoded."""
        with zipfile.ZipFile(self.path) as archive:
            for name, member in members(archive):
                if not isinstance(listed(archive, name, member), Passed):
                    data, flaw = unpack(archive, member)
                    yield Entry(name, data, self.tree.label_of(name), flaw)


def open_archive(location: str) -> ArchivePictures:
    """Open a zip of pictures.

    Raises:
        DataError: it contains no pictures, or is damaged.
    """
    path = Path(location)
    try:
        with zipfile.ZipFile(path) as archive:
            found = (listed(archive, name, member) for name, member in members(archive))
            tree = read_tree(found, stamps_are_times=False)
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        raise DataError(f"{location} cannot be read: {error}") from error
    if not tree.count:
        raise DataError(no_pictures(location, tree))
    return ArchivePictures(path, Source("zip", path.stem, location), tree)


def members(archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    """The files in a zip with their paths, sorted by path."""
    named = ((member_path(member), member) for member in archive.infolist())
    files = ((path, member) for path, member in named if path and not path.endswith("/"))
    return sorted(files, key=lambda file: file[0].split("/"))


def member_path(member: zipfile.ZipInfo) -> str:
    """The path of a member, with `/`, without `.` and `..`, decoded correctly."""
    name = member.filename
    if not member.flag_bits & UTF8_FLAG:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass  # code page 437, as `zipfile` decoded it
    name = name.replace("\\", "/")
    end = "/" if name.endswith("/") else ""
    parts = (part for part in PurePosixPath(name).parts if part not in ("/", ".", ".."))
    return "/".join(parts) + end


def listed(archive: zipfile.ZipFile, name: str, member: zipfile.ZipInfo) -> Found | Passed:
    """Classify a member as a picture, or as passed over with the reason."""
    picture = is_picture(name)
    if not picture and not reason_to_pass(name):
        picture = is_picture(name, first_bytes_of_member(archive, member))
    if reason := pass_reason(name, picture):
        return Passed(name, reason)
    return Found(name, member.file_size, member.CRC)


def first_bytes_of_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The first bytes of a member; empty if it cannot be unpacked."""
    try:
        with archive.open(member) as file:
            return file.read(HEAD)
    except Exception:  # noqa: BLE001  # a broken member may raise anything
        return b""


def unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[bytes, str]:
    """The bytes of a member and an empty string, or no bytes and the reason."""
    if member.file_size > MAX_PACKED:
        return b"", f"is too large for a zip ({member.file_size:,} bytes, at most {MAX_PACKED:,})"
    try:
        with archive.open(member) as file:
            return b"".join(iter(lambda: file.read(READ_BYTES), b"")), ""
    except Exception as error:  # noqa: BLE001  # a broken member may raise anything
        return b"", f"cannot be unpacked: {error}; unpack the zip and give the folder"
