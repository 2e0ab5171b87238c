"""Changes in the folders of bundles: found by polling, reported when they have settled.

Owns fingerprints, which folders are bundles at all, and when a change has settled. Keeps no list of
bundles and knows no engine; how long passes between two looks is its caller's business.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.layout import CARD_FILE, REQUIRED_FILES, is_visible

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
    except OSError:  # a link that leads where we may not look: to be refused, not passed over
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


def read_fingerprints(bundles: Path, known: Collection[Path] = ()) -> dict[Path, Fingerprint]:
    """The fingerprint of each bundle, by its folder.

    Args:
        bundles: the folder that holds them.
        known: folders that were bundles before. One of these that has lost its card is damaged; any
            other folder without a card is none of our business.

    Raises:
        OSError: `bundles` is not there or cannot be listed, which says nothing of what is in it.
    """
    prints = {folder: fingerprint_of(folder) for folder in bundle_folders(bundles)}
    return {folder: print_ for folder, print_ in prints.items() if print_[0] or folder in known}


def model_name_in(folder: Path) -> str | None:
    """The name of the model in a bundle's card; None where it cannot be read."""
    try:
        name = json.loads((folder / CARD_FILE).read_bytes())["name"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None  # whoever loads the bundle says what is wrong with it
    return name if isinstance(name, str) else None


@dataclass(frozen=True)
class FolderChanges:
    """What is new since the bundles were read.

    Attributes:
        changed: new or otherwise than when it was read, and settled: to be read.
        gone: no longer there, twice in a row.
        unsettled: otherwise than at the look before, for the first time since it was settled.
    """

    changed: list[Path]
    gone: list[Path]
    unsettled: list[Path]


class FolderWatcher:
    """Compares each look with what was read and with the look before.

    A bundle is settled when two looks agree.
    """

    def __init__(self) -> None:
        self._last: Mapping[Path, Fingerprint] = {}
        self._unsettled: set[Path] = set()
        self._failures: dict[Path, int] = {}
        self._looks_left: dict[Path, int] = {}

    def changes(
        self,
        found: Mapping[Path, Fingerprint],
        read: Mapping[Path, Fingerprint],
        *,
        at_once: bool = False,
    ) -> FolderChanges:
        """Compare the folders that were found with those that were read.

        Args:
            found: of this look, in the order in which new ones are to be read.
            read: as each folder was when it was read last.
            at_once: report all folders as changed, settled or not.
        """
        changes = FolderChanges([], [], [])
        for folder in [*found, *(each for each in read if each not in found)]:
            print_ = found.get(folder)
            same = print_ == read.get(folder)
            if same and not at_once and not self._is_due(folder):
                self._unsettled.discard(folder)
            elif not same and not at_once and print_ != self._last.get(folder):
                if folder not in self._unsettled:
                    changes.unsettled.append(folder)
                self._unsettled.add(folder)
            else:
                self._report(folder, changes, gone=print_ is None, same=same)
        self._last = found
        self._unsettled &= {*found, *read}
        return changes

    def retry(self, folder: Path) -> None:
        """Report `folder` once more though it has not changed: after 2 looks, then 4, and so on.

        For what failed for a transient reason, as a disk that did not answer.
        """
        self._failures[folder] = self._failures.get(folder, 0) + 1
        self._looks_left[folder] = min(2 ** self._failures[folder], LONGEST_WAIT_LOOKS)

    def _is_due(self, folder: Path) -> bool:
        if folder not in self._looks_left:
            return False
        self._looks_left[folder] -= 1
        return self._looks_left[folder] <= 0

    def _report(self, folder: Path, changes: FolderChanges, *, gone: bool, same: bool) -> None:
        self._unsettled.discard(folder)
        self._looks_left.pop(folder, None)
        if not same:
            self._failures.pop(folder, None)
        (changes.gone if gone else changes.changed).append(folder)
