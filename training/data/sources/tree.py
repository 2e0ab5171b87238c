"""Pictures in a tree of folders, wherever the tree lies: which files count, and their classes.

Owns the rules below. Knows nothing of pixels beyond the size of the first picture.

**Pictures** are files that end like one; what is hidden is passed over.

**Order.** Pictures are sorted by path, component by component, by code point.

**Classes.** Folders that all pictures share are passed over. If then every picture lies in a
folder, and there are at least two such folders, their names are the classes.
"""

from __future__ import annotations

import io
import os
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from models.families.progan.config import MAX_RESOLUTION, MIN_RESOLUTION, SQUARE, Size
from training.data.decode import largest_within, open_picture
from training.data.manifest import DataError

SUFFIXES = (
    *(".avif", ".bmp", ".gif", ".j2k", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png"),
    *(".pnm", ".ppm", ".qoi", ".tga", ".tif", ".tiff", ".webp"),
)
TRIED_FIRST = 1000  # pictures looked at for a readable one


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
        return bisect_left(self.label_names, PurePosixPath(name).parts[self.depth])


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


def first_resolution(files: Iterable[Path | io.BytesIO], base: Size = SQUARE) -> int:
    """The largest resolution, 1024 at most, whose pictures fit into the first picture.

    Args:
        files: pictures.
        base: height and width at level 0; if square, the resolution is the shorter side, rounded
            down to a power of two.

    Raises:
        DataError: none of the first is readable, or the first is too small for any network.
    """
    for _, file in zip(range(TRIED_FIRST), files, strict=False):
        try:
            with open_picture(file) as image:
                side = largest_within((image.height, image.width), base)
        except Exception:  # noqa: BLE001, S112  # a broken file may raise anything
            continue
        if side < MIN_RESOLUTION:
            raise DataError(f"the first picture is only {side} pixels; say --resolution")
        return min(MAX_RESOLUTION, 1 << (side.bit_length() - 1))
    raise DataError("no picture is readable: say --resolution to see the reason for each")
