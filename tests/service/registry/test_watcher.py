"""What changes in a folder of bundles, told when it has come to rest."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from models.layout import CARD_FILE, REQUIRED_FILES
from service.registry.watcher import (
    Fingerprint,
    FolderChanges,
    FolderWatcher,
    bundle_folders,
    read_fingerprints,
)

NOTHING = FolderChanges([], [], [])
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
    assert {"a", "b"} == set(read_fingerprints(tmp_path))


def test_a_folder_that_loses_its_card_is_still_seen_if_it_was_a_bundle(tmp_path: Path) -> None:
    """It is damaged; another folder without a card is none of ours."""
    write(tmp_path / "a")
    (tmp_path / "a" / CARD_FILE).unlink()

    assert {} == read_fingerprints(tmp_path)
    assert {"a"} == set(read_fingerprints(tmp_path, known=["a"]))


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


def test_a_link_that_leads_nowhere_is_no_folder(tmp_path: Path) -> None:
    """Until what it means is there."""
    (tmp_path / "a").symlink_to(tmp_path / "nowhere")
    assert {} == read_fingerprints(tmp_path)


# ----------------------------------------------------------------------------------------
# Rest


def test_what_was_there_at_start_is_not_told() -> None:
    """It was read already."""
    watch = FolderWatcher({"a": A})

    assert [NOTHING] * 3 == [watch.notice({"a": A}) for _ in range(3)]


def test_a_new_bundle_is_told_once_when_two_looks_agree() -> None:
    """While it is written they do not."""
    watch = FolderWatcher({})

    assert watch.notice({"a": A}) == FolderChanges([], [], ["a"])
    assert watch.notice({"a": B}) == NOTHING  # still restless, which was told
    assert watch.notice({"a": B}) == FolderChanges(["a"], [], [])
    assert watch.notice({"a": B}) == NOTHING
    assert ["a"] == list(watch.known)


def test_a_changed_bundle_is_told_when_it_rests_and_again_when_it_changes_again() -> None:
    """Damaged at one look and whole at the next: both are told, in order."""
    watch = FolderWatcher({"a": A})
    told = [watch.notice({"a": seen}).changed for seen in (B, B, C, C, C)]

    assert [[], ["a"], [], ["a"], []] == told


def test_what_goes_back_to_what_it_was_is_not_told() -> None:
    """A file that was touched only in passing."""
    watch = FolderWatcher({"a": A})
    told = [watch.notice({"a": seen}) for seen in (B, A, A)]

    assert [FolderChanges([], [], ["a"]), NOTHING, NOTHING] == told


def test_a_bundle_is_gone_when_two_looks_do_not_find_it() -> None:
    """One that comes back at once, as when a link is exchanged, was never gone."""
    watch = FolderWatcher({"a": A, "b": A})

    assert watch.notice({"a": A}) == FolderChanges([], [], ["b"])
    assert watch.notice({"a": A, "b": A}) == NOTHING
    assert watch.notice({"a": A}).gone == []
    assert watch.notice({"a": A}) == FolderChanges([], ["b"], [])
    assert watch.notice({"a": A}) == NOTHING
    assert ["a"] == list(watch.known)


def test_a_new_bundle_that_vanishes_before_it_was_told_leaves_nothing_behind() -> None:
    """The next of its name is announced like the first."""
    watch = FolderWatcher({})

    assert watch.notice({"a": A}).restless == ["a"]
    assert watch.notice({}) == NOTHING
    assert watch.notice({"a": B}).restless == ["a"]


def test_who_is_asked_to_look_at_once_tells_everything() -> None:
    """Changed or not, at rest or not."""
    watch = FolderWatcher({"a": A, "b": A, "c": A})

    assert watch.notice({"a": A, "b": B}, at_once=True) == FolderChanges(["a", "b"], ["c"], [])
    assert watch.notice({"a": A, "b": B}) == NOTHING


def test_what_failed_for_a_passing_reason_is_told_again_ever_more_rarely() -> None:
    """After 2 looks, 4 more, 8 more; a change is told at once and begins anew."""
    watch = FolderWatcher({"a": A})
    watch.again("a")
    looks: list[int] = []
    for number in range(1, 15):
        if watch.notice({"a": A}).changed:
            looks.append(number)
            watch.again("a")

    assert [2, 6, 14] == looks
    assert [[], ["a"]] == [watch.notice({"a": B}).changed for _ in range(2)]
    watch.again("a")
    assert [[], ["a"], []] == [watch.notice({"a": B}).changed for _ in range(3)]
