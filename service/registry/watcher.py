"""What changes in the folder of bundles: noticed by looking, told when it has come to rest.

Owns fingerprints, which folders are bundles at all, and the rule of rest. Reads no byte of a bundle
and knows no engine; how long passes between two looks is its caller's business.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.layout import REQUIRED_FILES, is_visible

LONGEST_WAIT_LOOKS = 64

Fingerprint = tuple[tuple[int | str, ...], ...]


def bundle_folders(bundles: Path) -> list[Path]:
    """The folders in `bundles` that may be bundles, by name; none of them need have a card.

    Hidden ones and unfinished exports are left out.

    Raises:
        OSError: `bundles` is not there or cannot be listed.
    """
    with os.scandir(bundles) as entries:
        names = sorted(entry.name for entry in entries if _may_be_folder(entry))
    return [bundles / name for name in names if is_visible(name)]


def _may_be_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads where we may not look: to be named, not passed over
        return True


def fingerprint_of(folder: Path) -> Fingerprint:
    """What changes when a file of the bundle does, symbolic links followed.

    Device and inode tell another file of the same size and date; the time of the last change of
    status, which nobody can set, tells a file that was written over and given its old date.
    """
    return tuple(_status(folder / name) for name in REQUIRED_FILES)


def _status(path: Path) -> tuple[int | str, ...]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return ()
    except OSError as error:
        return (str(error),)
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def read_fingerprints(bundles: Path, known: Collection[str] = ()) -> dict[str, Fingerprint]:
    """The fingerprint of each bundle, by the name of its folder.

    Args:
        bundles: the folder that holds them.
        known: names of folders that were bundles before. One of these that has lost its card is
            damaged; any other folder without a card is none of our business.

    Raises:
        OSError: `bundles` is not there or cannot be listed, which says nothing of what is in it.
    """
    seen = {folder.name: fingerprint_of(folder) for folder in bundle_folders(bundles)}
    return {name: print_ for name, print_ in seen.items() if print_[0] or name in known}


@dataclass(frozen=True)
class FolderChanges:
    """What a look showed, by names of folders.

    Attributes:
        changed: new or otherwise than before, and at rest: to be read.
        gone: no longer there, twice in a row.
        restless: otherwise than at the look before, for the first time since they rested.
    """

    changed: list[str]
    gone: list[str]
    restless: list[str]


class FolderWatcher:
    """Compares each look with those before. A folder is at rest when two looks agree.

    Args:
        seen: the look that was taken before what is loaded was read.
    """

    def __init__(self, seen: Mapping[str, Fingerprint]) -> None:
        self._told = dict(seen)
        self._last: Mapping[str, Fingerprint] = seen
        self._restless: set[str] = set()
        self._failures: dict[str, int] = {}
        self._looks_left: dict[str, int] = {}

    @property
    def known(self) -> Collection[str]:
        """The folders that were told and are not gone."""
        return self._told.keys()

    def notice(self, seen: Mapping[str, Fingerprint], *, at_once: bool = False) -> FolderChanges:
        """What to make of this look.

        Args:
            seen: as `look` gives it.
            at_once: everything there is to be read, changed or not, at rest or not.
        """
        noticed = FolderChanges([], [], [])
        for name in sorted({*seen, *self._told}):
            print_ = seen.get(name)
            same = print_ == self._told.get(name)
            if same and not at_once and not self._is_due(name):
                self._restless.discard(name)
            elif not same and not at_once and print_ != self._last.get(name):
                if name not in self._restless:
                    noticed.restless.append(name)
                self._restless.add(name)
            else:
                self._tell(name, print_, noticed, same=same)
        self._last = seen
        self._restless &= {*seen, *self._told}
        return noticed

    def again(self, name: str) -> None:
        """Tell `name` once more though it has not changed: after 2 looks, then after 4, and so on.

        For what failed for a reason that may pass, as a disk that did not answer.
        """
        self._failures[name] = self._failures.get(name, 0) + 1
        self._looks_left[name] = min(2 ** self._failures[name], LONGEST_WAIT_LOOKS)

    def _is_due(self, name: str) -> bool:
        if name not in self._looks_left:
            return False
        self._looks_left[name] -= 1
        return self._looks_left[name] <= 0

    def _tell(
        self, name: str, print_: Fingerprint | None, noticed: FolderChanges, *, same: bool
    ) -> None:
        self._restless.discard(name)
        self._looks_left.pop(name, None)
        if not same:
            self._failures.pop(name, None)
        if print_ is None:
            del self._told[name]
            noticed.gone.append(name)
        else:
            self._told[name] = print_
            noticed.changed.append(name)
