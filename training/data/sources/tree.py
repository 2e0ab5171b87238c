"""Pictures in a tree of folders, on disk or in a zip: selection of files, and their classes.

Owns the rules below. Knows nothing of pixels except the size of the first picture.

**Pictures** are files with the ending or the signature of one. Hidden files, and those added by
systems (`Thumbs.db`, `@eaDir`), are passed over; all files passed over are counted by reason.

**Order.** Pictures are sorted by path, component by component, by code point.

**Classes.** Leading folders shared by all pictures are ignored. If every picture is then in a
folder, and there are at least two such folders, their names (in Unicode's composed form, NFC) are
the classes.
"""

from __future__ import annotations

import os
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from models.resolution import MAX_RESOLUTION, MIN_RESOLUTION, SQUARE, Size
from training.data.decode import open_picture
from training.data.kinds import reason_of_kind, reason_to_pass
from training.data.manifest import DataError
from training.data.shape import largest_within
from training.data.sources.state import Found, SourceState, StateWriter

TRIED_FIRST = 1000  # pictures tried to find a readable one
DEAD_LINK = "dead link"
LOOP = "link back to a folder above it"
REPEATED = "link to a folder that was already read"
NO_FILE = "neither a file nor a folder"


@dataclass(frozen=True)
class Passed:
    """A file or folder that is passed over, with the reason."""

    name: str
    reason: str


@dataclass(frozen=True)
class Tree:
    """Summary of a tree of pictures.

    Attributes:
        count: number of pictures.
        depth: number of leading folders shared by all pictures.
        label_names: class names, sorted; empty without classes.
        state: of all pictures.
        passed_over: reason -> number of files or folders.
    """

    count: int
    depth: int
    label_names: tuple[str, ...]
    state: SourceState
    passed_over: dict[str, int] = field(default_factory=dict[str, int])

    def label_of(self, name: str) -> int:
        """The class number of the picture with this path; -1 without classes."""
        if not self.label_names:
            return -1
        return bisect_left(self.label_names, composed(PurePosixPath(name).parts[self.depth]))


def read_tree(files: Iterable[Found | Passed], *, stamps_are_times: bool = True) -> Tree:
    """Count pictures and determine their classes; paths are separated by `/`."""
    state, passed_over = StateWriter(), Counter[str]()
    folders: set[tuple[str, ...]] = set()
    count = 0
    for file in files:
        if isinstance(file, Passed):
            passed_over[file.reason] += 1
            continue
        count += 1
        state.add(file, is_time=stamps_are_times)
        folders.add(PurePosixPath(file.name).parts[:-1])
    shared = os.path.commonprefix(sorted(folders))  # of tuples: their common leading parts
    depth = len(shared)
    firsts = {composed(parts[depth]) for parts in folders if len(parts) > depth}
    sorted_in = all(len(parts) > depth for parts in folders)
    names = tuple(sorted(firsts)) if sorted_in and len(firsts) > 1 else ()
    return Tree(count, depth, names, state.state(), dict(sorted(passed_over.items())))


def composed(name: str) -> str:
    """Convert a name to Unicode's composed form; Apple file systems decompose accented letters."""
    return unicodedata.normalize("NFC", name)


def pass_reason(name: str, is_picture: bool) -> str:
    """Reason to pass over a file; empty if it counts as a picture."""
    return reason_to_pass(name) or ("" if is_picture else reason_of_kind(name))


def no_pictures(location: str, tree: Tree) -> str:
    """The message for a source without any picture."""
    passed = ", ".join(f"{count:,} {reason}" for reason, count in tree.passed_over.items())
    return f"{location} holds no pictures" + (f"; passed over: {passed}" if passed else "")


def first_resolution(files: Iterable[Path | bytes], base: Size = SQUARE) -> int:
    """The largest resolution, at most 1024, that fits into the first readable picture.

    Args:
        files: pictures.
        base: height and width at level 0; if square, the resolution is the shorter side, rounded
            down to a power of two.

    Raises:
        DataError: none of the first `TRIED_FIRST` is readable, or the picture is too small for any
            network.
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
