"""A folder that appears whole or not at all."""

import fcntl
import os
from pathlib import Path

import pytest

from training.atomic_folder import atomic_folder, put_in_place, write_durably


def test_the_folder_appears_at_the_end_and_not_before(tmp_path: Path) -> None:
    """Until then its files lie in a partial folder beside it."""
    out = tmp_path / "deep" / "out"
    with atomic_folder(out) as folder:
        (folder / "a").write_text("x")

        assert not out.exists()
        assert folder.parent == out.parent

    assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert (out / "a").read_text() == "x"


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    """Whatever was written is deleted, and the error goes on."""

    def interrupted() -> None:
        with atomic_folder(tmp_path / "out") as folder:
            (folder / "a").write_text("x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_cleared_but_not_what_a_living_one_makes(
    tmp_path: Path,
) -> None:
    """A lock tells them apart; other names are left alone."""
    dead, alive, other = (
        tmp_path / name for name in ("out.partial-dead", "out.partial-alive", "out2.partial-dead")
    )
    for folder in (dead, alive, other):
        folder.mkdir()
        (folder / "a").touch()
    handle = os.open(alive, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with atomic_folder(tmp_path / "out"):
        pass
    os.close(handle)

    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", alive.name, other.name]


def test_a_full_folder_is_never_replaced(tmp_path: Path) -> None:
    """Something that came into being meanwhile stays."""
    out = tmp_path / "out"

    def overtaken() -> None:
        with atomic_folder(out):
            out.mkdir()
            (out / "precious").touch()

    with pytest.raises(OSError, match="not empty"):
        overtaken()

    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (out / "precious").exists()


def test_names_that_are_no_text_can_be_written(tmp_path: Path) -> None:
    """A file name in an unknown encoding is escaped, as JSON would."""
    write_durably(tmp_path / "a", "caf\udce9")

    assert (tmp_path / "a").read_text() == r"caf\udce9"


@pytest.mark.parametrize("replaces", [True, False])
def test_a_folder_that_cannot_be_renamed_leaves_the_old_one_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, replaces: bool
) -> None:
    """The last step is the one at which the place is empty for a moment."""
    out, partial = tmp_path / "model", tmp_path / ".model-new"
    for folder in (out, partial) if replaces else (partial,):
        folder.mkdir()
        (folder / "card.json").write_text(folder.name)
    rename = Path.replace

    def refused(path: Path, target: Path) -> Path:
        if path == partial:
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(OSError, match="No space left"):
        put_in_place(partial, out)

    there = {path.name for path in tmp_path.iterdir()}
    assert there == ({"model", ".model-new"} if replaces else {".model-new"})
    assert not replaces or (out / "card.json").read_text() == "model"
