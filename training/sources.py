"""Where pictures come from: folders and zips, and which kind of source a location means.

Owns finding pictures in trees of folders, their order and their classes. Knows nothing of pixels
beyond the size of the first picture.

**Order.** Pictures are sorted by path, component by component, by code point.

**Classes.** Folders that all pictures share are passed over. If then every picture lies in a folder,
and there are at least two such folders, their names are the classes.
"""

from __future__ import annotations

import io
import os
import zipfile
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from models.config import MAX_RESOLUTION, MIN_RESOLUTION
from training.avatars import SCHEME, open_avatars
from training.decode import FileDecoder, Shape, UnfitPictureError, open_picture
from training.idx import open_idx_pictures
from training.manifest import DataError, Source
from training.pictures import Entry, Pictures

SUFFIXES = frozenset(
    ".avif .bmp .gif .j2k .jp2 .jpe .jpeg .jpg .pbm .pgm .png .pnm .ppm .qoi .tga .tif .tiff .webp"
    .split()
)  # fmt: skip  # one word each reads best as words
MAX_PACKED = 64 * 2**20  # bytes of one picture within a zip; more is refused as a bomb
TRIED_FIRST = 1000  # pictures looked at for a readable one


def open_source(location: str) -> Pictures:
    """Open whatever `location` means: a folder, a zip, an IDX file or `dicebear:STYLE?...`.

    Raises:
        DataError: there is no such thing, or it holds no pictures.
    """
    if location.startswith(SCHEME):
        return open_avatars(location)
    path = Path(location)
    if not path.exists():
        raise DataError(
            f"{location} does not exist; a source is a folder, a zip, an IDX file, or {SCHEME}STYLE"
        )
    if path.is_dir():
        return open_folder(location)
    if zipfile.is_zipfile(path):
        return open_zip(location)
    return open_idx_pictures(location)


@dataclass(frozen=True)
class Tree:
    """What is known of a tree of pictures after walking it once.

    Attributes:
        count: pictures in it.
        depth: how many leading folders all pictures share.
        label_names: sorted; empty without classes.
    """

    count: int
    depth: int
    label_names: tuple[str, ...]

    def label_of(self, name: str) -> int:
        """The class number of the picture with this path; -1 without classes."""
        if not self.label_names:
            return -1
        return bisect_left(self.label_names, name.split("/")[self.depth])


def survey(names: Iterable[str]) -> Tree:
    """Count pictures and find their classes; paths are written with `/`."""
    count = 0
    folders: set[tuple[str, ...]] = set()
    for name in names:
        count += 1
        folders.add(PurePosixPath(name).parts[:-1])
    shared = os.path.commonprefix(sorted(folders))  # of tuples: the parts they begin with alike
    depth = len(shared)
    firsts = {parts[depth] for parts in folders if len(parts) > depth}
    sorted_in = all(len(parts) > depth for parts in folders)
    return Tree(count, depth, tuple(sorted(firsts)) if sorted_in and len(firsts) > 1 else ())


def is_picture(name: str) -> bool:
    """Whether a file name promises a picture; hidden files do not."""
    path = PurePosixPath(name)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not hidden and path.suffix.lower() in SUFFIXES


# ----------------------------------------------------------------------------------------
# Folders. The tree is walked twice, so that only one folder's names are ever held.


@dataclass(frozen=True)
class FolderPictures:
    """A folder and all below it as a source of pictures; see `training.pictures.Pictures`."""

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

    def natural_resolution(self) -> int:
        """The largest power of two within the first readable picture."""
        return first_resolution(self.path / name for name in walk(self.path))

    def decoder(self, shape: Shape) -> FileDecoder:
        """What decodes the files."""
        return FileDecoder(shape)

    def entries(self) -> Iterator[Entry]:
        """The pictures, sorted by path."""
        for name in walk(self.path):
            yield Entry(name, str(self.path / name), self.tree.label_of(name))


def open_folder(location: str) -> FolderPictures:
    """The pictures in a folder and all folders below it.

    Raises:
        DataError: there are none.
    """
    path = Path(location)
    tree = survey(walk(path))
    if not tree.count:
        hint = next((f": give {file} itself" for file in sorted(path.glob("*images*idx3*"))), "")
        raise DataError(f"{location} holds no pictures ({' '.join(sorted(SUFFIXES))}){hint}")
    return FolderPictures(path, Source("folder", path.resolve().name, location), tree)


def walk(folder: Path, below: str = "") -> Iterator[str]:
    """The paths of all pictures below `folder`, sorted; links to folders are not followed."""
    try:
        with os.scandir(folder / below) as found:
            entries = sorted((e.name, e.is_dir(follow_symlinks=False), e.is_file()) for e in found)
    except OSError as error:
        raise DataError(f"{folder / below} cannot be read: {error.strerror}") from error
    for name, is_folder, is_file in entries:
        if is_folder and not name.startswith((".", "__MACOSX")):
            yield from walk(folder, f"{below}{name}/")
        elif is_file and is_picture(name):
            yield below + name


# ----------------------------------------------------------------------------------------
# Zips. Their directory stays in memory, about half a kilobyte for each picture.


@dataclass(frozen=True)
class ZipPictures:
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

    def natural_resolution(self) -> int:
        """The largest power of two within the first readable picture."""
        payloads = (entry.payload for entry in self.entries() if not entry.flaw)
        return first_resolution(io.BytesIO(data) for data in payloads if isinstance(data, bytes))

    def decoder(self, shape: Shape) -> FileDecoder:
        """What decodes the members."""
        return FileDecoder(shape)

    def entries(self) -> Iterator[Entry]:
        """The pictures, sorted by path, unpacked but not decoded."""
        with zipfile.ZipFile(self.path) as archive:
            for member in members(archive):
                data, flaw = unpack(archive, member)
                yield Entry(member.filename, data, self.tree.label_of(member.filename), flaw)


def open_zip(location: str) -> ZipPictures:
    """The pictures in a zip.

    Raises:
        DataError: there are none, or the zip is damaged.
    """
    path = Path(location)
    try:
        with zipfile.ZipFile(path) as archive:
            tree = survey(member.filename for member in members(archive))
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{location} cannot be read: {error}") from error
    if not tree.count:
        raise DataError(f"{location} holds no pictures ({' '.join(sorted(SUFFIXES))})")
    return ZipPictures(path, Source("zip", path.stem, location), tree)


def members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The pictures in a zip, sorted by path."""
    found = (m for m in archive.infolist() if not m.is_dir() and is_picture(m.filename))
    return sorted(found, key=lambda member: member.filename.split("/"))


def unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[bytes, str]:
    """The bytes of a member, and why there are none if there are none."""
    if member.file_size > MAX_PACKED:
        return b"", f"has {member.file_size:,} bytes, more than {MAX_PACKED:,}"
    try:
        return archive.read(member), ""
    except Exception as error:  # noqa: BLE001  # a broken member may raise anything
        return b"", f"cannot be unpacked: {error}"


def first_resolution(files: Iterable[Path | io.BytesIO]) -> int:
    """The largest power of two, 1024 at most, not above the shorter side of the first picture.

    Raises:
        DataError: none of the first is readable, or the first is too small for any network.
    """
    for _, file in zip(range(TRIED_FIRST), files, strict=False):
        try:
            with open_picture(file) as image:
                side = min(image.size)
        except (OSError, UnfitPictureError, ValueError, SyntaxError):
            continue
        if side < MIN_RESOLUTION:
            raise DataError(f"the first picture is only {side} pixels; say --resolution")
        return min(MAX_RESOLUTION, 1 << (side.bit_length() - 1))
    raise DataError("no picture is readable: say --resolution to see the reason for each")
