"""What changes in a folder of bundles, told when it has come to rest."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from models.layout import CARD_FILE, MAX_CARD_BYTES, REQUIRED_FILES
from service.registry.watcher import (
    Fingerprint,
    FolderWatcher,
    bundle_folders,
    model_name_in,
    read_fingerprints,
)

A: Fingerprint = ((1,), (1,))
B: Fingerprint = ((2,), (2,))
C: Fingerprint = ((3,), (3,))


def write(folder: Path, card: str = "card", weights: str = "weights") -> Path:
    """A folder with two files, or other contents in those it has."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / REQUIRED_FILES[0]).write_text(card)
    (folder / REQUIRED_FILES[1]).write_text(weights)
    return folder


# ----------------------------------------------------------------------------------------
# Looking


def test_folders_that_are_hidden_or_unfinished_are_no_bundles(tmp_path: Path) -> None:
    """Copying tools and our own export work beside the final place."""
    for name in ("b", "a", ".hidden", "a.partial-x1"):
        write(tmp_path / name)
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()

    assert [tmp_path / name for name in ("a", "b", "empty")] == bundle_folders(tmp_path)
    assert {tmp_path / "a", tmp_path / "b"} == set(read_fingerprints(tmp_path))


def test_a_folder_that_loses_its_card_is_still_seen_if_it_was_a_bundle(tmp_path: Path) -> None:
    """It is damaged; another folder without a card is none of ours."""
    write(tmp_path / "a")
    (tmp_path / "a" / CARD_FILE).unlink()

    assert {} == read_fingerprints(tmp_path)
    assert {tmp_path / "a"} == set(read_fingerprints(tmp_path, known=[tmp_path / "a"]))


def test_a_folder_that_is_not_there_cannot_be_looked_at(tmp_path: Path) -> None:
    """Which is not the same as an empty one."""
    with pytest.raises(FileNotFoundError):
        read_fingerprints(tmp_path / "nowhere")


def test_every_kind_of_change_is_seen(tmp_path: Path) -> None:
    """Other bytes of the same length and date, another file by renaming, another link."""
    first, second = write(tmp_path / "first"), write(tmp_path / "second")
    bundles = tmp_path / "bundles"
    bundles.mkdir()
    (bundles / "a").symlink_to(first)
    seen = [read_fingerprints(bundles)]
    weights = first / REQUIRED_FILES[1]
    dates = weights.stat()

    weights.write_text("WEIGHTS")
    os.utime(weights, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    assert weights.stat().st_mtime_ns == dates.st_mtime_ns
    seen.append(read_fingerprints(bundles))

    shutil.copy2(weights, tmp_path / "copy")
    (tmp_path / "copy").rename(weights)
    seen.append(read_fingerprints(bundles))

    (tmp_path / "new").symlink_to(second)
    (tmp_path / "new").rename(bundles / "a")
    seen.append(read_fingerprints(bundles))

    weights.unlink()
    (bundles / "a").unlink()
    (bundles / "a").symlink_to(first)
    seen.append(read_fingerprints(bundles))

    assert len(seen) == len({str(each) for each in seen})
    assert seen[-1] == read_fingerprints(bundles)


def test_a_card_that_is_no_file_has_no_name(tmp_path: Path) -> None:
    """Reading a pipe would never end, and one of many gigabytes nearly so."""
    bundle = tmp_path / "pipe"
    bundle.mkdir()
    os.mkfifo(bundle / CARD_FILE)

    assert model_name_in(bundle) is None

    large = tmp_path / "large"
    large.mkdir()
    with (large / CARD_FILE).open("wb") as card:
        card.truncate(MAX_CARD_BYTES + 1)
    assert model_name_in(large) is None


def test_a_link_that_leads_nowhere_is_no_folder(tmp_path: Path) -> None:
    """Until what it means is there."""
    (tmp_path / "a").symlink_to(tmp_path / "nowhere")
    assert {} == read_fingerprints(tmp_path)


class Changes(NamedTuple):
    """`FolderChanges`, by names of folders."""

    changed: list[str]
    gone: list[str]
    unsettled: list[str]


NOTHING = Changes([], [], [])


class Looks:
    """A watcher, and what a registry would have read; folders by name."""

    def __init__(self, read: dict[str, Fingerprint]) -> None:
        self.read = dict(read)
        self.watcher = FolderWatcher()
        self.take(read)

    def take(self, found: dict[str, Fingerprint], *, at_once: bool = False) -> Changes:
        """One look, after which all that was reported is read."""
        shown = self.watcher.changes(
            {Path(name): print_ for name, print_ in found.items()},
            {Path(name): print_ for name, print_ in self.read.items()},
            at_once=at_once,
        )
        for folder in shown.changed:
            self.read[folder.name] = found[folder.name]
        for folder in shown.gone:
            del self.read[folder.name]
        return Changes(
            *([each.name for each in part] for part in (shown.changed, shown.gone, shown.unsettled))
        )

    def retry(self, name: str) -> None:
        """What was read failed for a transient reason."""
        self.watcher.retry(Path(name))


# ----------------------------------------------------------------------------------------
# Changes that have settled


def test_what_was_there_at_start_is_not_told() -> None:
    """It was read already."""
    looks = Looks({"a": A})

    assert [NOTHING] * 3 == [looks.take({"a": A}) for _ in range(3)]


def test_a_new_bundle_is_told_once_when_two_looks_agree() -> None:
    """While it is written they do not."""
    looks = Looks({})

    assert looks.take({"a": A}) == Changes([], [], ["a"])
    assert looks.take({"a": B}) == NOTHING  # still unsettled, which was reported
    assert looks.take({"a": B}) == Changes(["a"], [], [])
    assert looks.take({"a": B}) == NOTHING
    assert ["a"] == list(looks.read)


def test_a_changed_bundle_is_told_when_it_rests_and_again_when_it_changes_again() -> None:
    """Damaged at one look and whole at the next: both are told, in order."""
    looks = Looks({"a": A})
    told = [looks.take({"a": seen}).changed for seen in (B, B, C, C, C)]

    assert [[], ["a"], [], ["a"], []] == told


def test_what_goes_back_to_what_it_was_is_not_told() -> None:
    """A file that was touched only in passing."""
    looks = Looks({"a": A})
    told = [looks.take({"a": seen}) for seen in (B, A, A)]

    assert [Changes([], [], ["a"]), NOTHING, NOTHING] == told


def test_a_bundle_is_gone_when_two_looks_do_not_find_it() -> None:
    """One that comes back at once, as when a link is exchanged, was never gone."""
    looks = Looks({"a": A, "b": A})

    assert looks.take({"a": A}) == Changes([], [], ["b"])
    assert looks.take({"a": A, "b": A}) == NOTHING
    assert looks.take({"a": A}).gone == []
    assert looks.take({"a": A}) == Changes([], ["b"], [])
    assert looks.take({"a": A}) == NOTHING
    assert ["a"] == list(looks.read)


def test_a_new_bundle_that_vanishes_before_it_was_told_leaves_nothing_behind() -> None:
    """The next of its name is announced like the first."""
    looks = Looks({})

    assert looks.take({"a": A}).unsettled == ["a"]
    assert looks.take({}) == NOTHING
    assert looks.take({"a": B}).unsettled == ["a"]


def test_who_is_asked_to_look_at_once_tells_everything() -> None:
    """Changed or not, at rest or not."""
    looks = Looks({"a": A, "b": A, "c": A})

    assert looks.take({"a": A, "b": B}, at_once=True) == Changes(["a", "b"], ["c"], [])
    assert looks.take({"a": A, "b": B}) == NOTHING


def test_what_failed_for_a_passing_reason_is_told_again_ever_more_rarely() -> None:
    """After 2 looks, 4 more, 8 more; a change is told at once and begins anew."""
    looks = Looks({"a": A})
    looks.retry("a")
    numbers: list[int] = []
    for number in range(1, 15):
        if looks.take({"a": A}).changed:
            numbers.append(number)
            looks.retry("a")

    assert [2, 6, 14] == numbers
    assert [[], ["a"]] == [looks.take({"a": B}).changed for _ in range(2)]
    looks.retry("a")
    assert [[], ["a"], []] == [looks.take({"a": B}).changed for _ in range(3)]
