"""A folder of pictures, with all folders below it.

Owns walking the disk. The tree is walked twice, to count and to read, so that never more than the
names of one folder are held.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from models.families.progan.config import SQUARE, Size
from training.data.decode import FileDecoder, Shape
from training.data.manifest import DataError, Source
from training.data.sources.pictures import Entry
from training.data.sources.tree import SUFFIXES, Tree, first_resolution, is_picture, survey


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

    def natural_resolution(self, base: Size = SQUARE) -> int:
        """The largest whose pictures lie within the first readable one."""
        return first_resolution((self.path / name for name in walk(self.path)), base)

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
        raise DataError(f"{location} holds no pictures ({' '.join(SUFFIXES)}){hint}")
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
