"""Changes in the folders of bundles: found by polling, reported when they have settled.

Owns the fingerprints, the rule which folders count as bundles, and the rule when a change has
settled. Keeps no list of bundles and knows no engine; the caller chooses the polling interval.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.layout import CARD_FILE, MAX_CARD_BYTES, REQUIRED_FILES, is_visible, require_file

LONGEST_WAIT_LOOKS = 64

Fingerprint = tuple[tuple[int | str, ...], ...]


def bundle_folders(bundles: Path) -> list[Path]:
    """The folders in `bundles` that may be bundles, sorted by name; a card is not required.

    Hidden folders and unfinished exports are left out.

    Raises:
        OSError: `bundles` does not exist or cannot be listed.
    """
    with os.scandir(bundles) as entries:
        names = sorted(entry.name for entry in entries if _may_be_folder(entry))
    return [bundles / name for name in names if is_visible(name)]


def _may_be_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to an unreadable place: must be reported as refused, not ignored
        return True


def fingerprint_of(folder: Path) -> Fingerprint:
    """File status of the required files of a bundle; symbolic links are followed.

    It changes when a file changes. Device and inode detect another file of the same size and
    modification time; ctime, which cannot be set, detects a file that was overwritten and whose
    modification time was restored.
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
        bundles: the folder that contains the bundles.
        known: folders that were bundles before. A known folder without a card is a damaged bundle;
            any other folder without a card is ignored.

    Raises:
        OSError: `bundles` does not exist or cannot be listed; its bundles may be unchanged.
    """
    prints = {folder: fingerprint_of(folder) for folder in bundle_folders(bundles)}
    return {folder: print_ for folder, print_ in prints.items() if print_[0] or folder in known}


def model_name_in(folder: Path) -> str | None:
    """The model name in a bundle's card; None if it cannot be read."""
    try:
        require_file(folder / CARD_FILE, MAX_CARD_BYTES)  # a pipe would never end
        name = json.loads((folder / CARD_FILE).read_bytes())["name"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None  # loading the bundle reports the error
    return name if isinstance(name, str) else None


@dataclass(frozen=True)
class FolderChanges:
    """Differences between the last scan and the bundles as they were read.

    Attributes:
        changed: folders to be read: new or changed since they were read, and settled.
        gone: folders that were missing in two scans in a row.
        unsettled: folders that have just begun to change; each is listed once per change.
    """

    changed: list[Path]
    gone: list[Path]
    unsettled: list[Path]


class FolderWatcher:
    """Compares each scan with the fingerprints of the last reading and of the previous scan.

    A bundle is settled when two scans in a row find the same fingerprint.
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
        """Compare the fingerprints of this scan with those of the last reading.

        Args:
            found: fingerprints of this scan, in the order in which new bundles are to be read.
            read: fingerprint of each folder when it was last read.
            at_once: report every folder as changed (missing ones as gone), settled or not.
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
        """Report `folder` again even if unchanged: after 2 scans, then 4, and so on, at most 64.

        For transient failures, for example a disk error.
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
