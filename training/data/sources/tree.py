"""Pictures in a tree of folders, wherever the tree lies: which files count, and their classes.

Owns the rules below. Knows nothing of pixels beyond the size of the first picture.

**Pictures** are files that end like one, or begin like one. Hidden files, and those that systems
add (`Thumbs.db`, `@eaDir`), are passed over; all that is passed over is counted with its reason.

**Order.** Pictures are sorted by path, component by component, by code point.

**Classes.** Folders that all pictures share do not count. If then every picture lies in a folder,
and there are at least two such folders, their names (in Unicode's composed form, NFC) are the
classes.
"""

from __future__ import annotations

import os
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from models.families.progan.config import MAX_RESOLUTION, MIN_RESOLUTION, SQUARE, Size
from training.data.decode import open_picture
from training.data.kinds import reason_of_kind, reason_to_pass
from training.data.manifest import DataError
from training.data.shape import largest_within
from training.data.sources.state import Found, SourceState, StateWriter

TRIED_FIRST = 1000  # pictures looked at for a readable one
DEAD_LINK = "dead link"
LOOP = "link back to a folder above it"
NO_FILE = "neither a file nor a folder"


@dataclass(frozen=True)
class Passed:
    """A file or folder that is passed over, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Tree:
    """A tree of pictures after walking it once.

    Attributes:
        count: pictures in it.
        depth: how many leading folders all pictures share.
        label_names: sorted; empty without classes.
        state: of all pictures.
        passed_over: reasons -> how many files or folders.
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
    """Count pictures and find their classes; paths are written with `/`."""
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
    shared = os.path.commonprefix(sorted(folders))  # of tuples: the parts they begin with alike
    depth = len(shared)
    firsts = {composed(parts[depth]) for parts in folders if len(parts) > depth}
    sorted_in = all(len(parts) > depth for parts in folders)
    names = tuple(sorted(firsts)) if sorted_in and len(firsts) > 1 else ()
    return Tree(count, depth, names, state.state(), dict(sorted(passed_over.items())))


def composed(name: str) -> str:
    """A name in Unicode's composed form; file systems of Apple take letters and accents apart."""
    return unicodedata.normalize("NFC", name)


def pass_reason(name: str, is_picture: bool) -> str:
    """Why a file is passed over; empty if it counts as a picture."""
    return reason_to_pass(name) or ("" if is_picture else reason_of_kind(name))


def no_pictures(location: str, tree: Tree) -> str:
    """The message for a source without any picture."""
    passed = ", ".join(f"{count:,} {reason}" for reason, count in tree.passed_over.items())
    return f"{location} holds no pictures" + (f"; passed over: {passed}" if passed else "")


def first_resolution(files: Iterable[Path | bytes], base: Size = SQUARE) -> int:
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
