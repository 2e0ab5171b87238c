"""A folder with all folders below it as a source of pictures.

Owns the traversal of the file system. The tree is traversed twice, to count and to read, so that
the list of all pictures is never in memory. Links are followed; a link to one of its own parent
folders, recognised by device and inode, is passed over.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from models.resolution import SQUARE, Size
from training.data.decode import FileDecoder
from training.data.kinds import HEAD, is_picture, reason_to_pass
from training.data.manifest import DataError, Source
from training.data.shape import Shape
from training.data.sources.pictures import Entry
from training.data.sources.state import Found, SourceState
from training.data.sources.tree import (
    DEAD_LINK,
    LOOP,
    NO_FILE,
    REPEATED,
    Passed,
    Tree,
    first_resolution,
    no_pictures,
    pass_reason,
    read_tree,
)

Inode = tuple[int, int]  # device, inode number


@dataclass(frozen=True)
class FolderPictures:
    """A folder and all below it; see `PictureSource`."""

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
        """Sizes and modification times of all pictures."""
        return self.tree.state

    @property
    def passed_over(self) -> dict[str, int]:
        """Reason -> number of files and folders that do not count as pictures."""
        return self.tree.passed_over

    def natural_resolution(self, base: Size = SQUARE) -> int:
        """The largest resolution that fits into the first readable picture."""
        return first_resolution((self.path / file.name for file in pictures(self.path)), base)

    def decoder(self, shape: Shape) -> FileDecoder:
        """The decoder of the pictures."""
        return FileDecoder(shape)

    def entries(self) -> Iterator[Entry]:
        """The pictures, sorted by path."""
        for file in pictures(self.path):
            yield Entry(file.name, str(self.path / file.name), self.tree.label_of(file.name))


def open_folder(location: str) -> FolderPictures:
    """Open a folder with all folders below it.

    Raises:
        DataError: it contains no pictures.
    """
    path = Path(location)
    tree = read_tree(walk_folder(path))
    if not tree.count:
        hint = next((f": give {file} itself" for file in sorted(path.glob("*images*idx3*"))), "")
        raise DataError(no_pictures(location, tree) + hint)
    return FolderPictures(path, Source("folder", path.resolve().name, location), tree)


def pictures(folder: Path) -> Iterator[Found]:
    """All pictures below `folder`, sorted by path."""
    return (file for file in walk_folder(folder) if isinstance(file, Found))


def walk_folder(
    folder: Path,
    below: str = "",
    above: tuple[Inode, ...] = (),
    linked: set[tuple[str, Inode]] | None = None,
) -> Iterator[Found | Passed]:
    """All files below `folder`, sorted by path: pictures, and files and folders passed over.

    Args:
        folder: root of the traversal.
        below: path relative to `folder`, ending with `/`; empty for `folder` itself.
        above: device and inode of all parent folders up to the root.
        linked: class folder, device and inode of the folders that were already reached by a link.

    Raises:
        DataError: a folder cannot be read.
    """
    try:
        here = (folder / below).stat()
        with os.scandir(folder / below) as found:
            names = sorted(entry.name for entry in found)
    except OSError as error:
        raise DataError(f"{folder / below} cannot be read: {error.strerror}") from error
    above = (*above, (here.st_dev, here.st_ino))
    linked = set() if linked is None else linked
    for name in names:
        path = folder / below / name
        try:
            status = path.stat()
        except OSError:
            reason = reason_to_pass(name) or DEAD_LINK
            yield Passed(below + name, reason if path.is_symlink() else "cannot be read")
            continue
        if not stat.S_ISDIR(status.st_mode):
            yield found_or_passed(below + name, path, status)
        elif (reason := reason_to_pass(name)) or (
            reason := repeat_reason(below + name, path, status, above, linked)
        ):
            yield Passed(below + name, reason)
        else:
            yield from walk_folder(folder, f"{below}{name}/", above, linked)


def repeat_reason(
    name: str,
    path: Path,
    status: os.stat_result,
    above: tuple[Inode, ...],
    linked: set[tuple[str, Inode]],
) -> str:
    """Reason to pass over a folder that is read elsewhere; empty for any other one, which is noted.

    Links are followed once in each class folder: links between siblings have n! paths.
    """
    inode = (status.st_dev, status.st_ino)
    if inode in above:
        return LOOP
    if path.is_symlink():
        link = (name.split("/")[0], inode)
        if link in linked:
            return REPEATED
        linked.add(link)
    return ""


def found_or_passed(name: str, path: Path, status: os.stat_result) -> Found | Passed:
    """Classify a file as a picture, or as passed over with the reason."""
    if not stat.S_ISREG(status.st_mode):
        return Passed(name, NO_FILE)
    if reason := pass_reason(name, is_picture(name) or is_picture(name, first_bytes_of_file(path))):
        return Passed(name, reason)
    return Found(name, status.st_size, status.st_mtime_ns)


def first_bytes_of_file(path: Path) -> bytes:
    """The first bytes of a file; empty if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError:
        return b""
