"""A folder that appears whole or not at all."""

import errno
import fcntl
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from training import atomic_folder as module
from training.atomic_folder import atomic_folder, clear_abandoned, replace_folder, write_durably


def make(folder: Path, text: str) -> Path:
    """A folder with a file and a folder in it."""
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a").write_text(text)
    (folder / "b").write_text(text)
    return folder


def content(folder: Path) -> set[str]:
    """The texts in a folder that `make` made."""
    return {(folder / name).read_text() for name in ("deep/a", "b")}


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(params=["exchange", "two renames"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The two ways to replace a folder."""
    if request.param == "two renames":
        monkeypatch.setattr(module, "_exchange", lambda first, second: False)
    return request.param


def test_the_folder_appears_at_the_end_and_not_before(tmp_path: Path) -> None:
    """Until then its files lie in a partial folder beside it."""
    out = tmp_path / "deep" / "out"
    with atomic_folder(out) as folder:
        (folder / "a").write_text("x")

        assert not out.exists()
        assert folder.parent == out.parent
        assert folder.name.startswith("out.partial-")

    assert names(out.parent) == ["out"]
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


def test_an_old_folder_is_replaced_as_a_whole(tmp_path: Path, way: str) -> None:
    """Nothing of it is left, in either way."""
    out = make(tmp_path / "out", "old")
    (out / "only in the old one").touch()
    with atomic_folder(out, replace=True) as folder:
        make(folder, "new")

        assert content(out) == {"old"}

    assert content(out) == {"new"}
    assert names(out) == ["b", "deep"]
    assert names(tmp_path) == ["out"]


def test_a_failure_keeps_the_old_folder(tmp_path: Path, way: str) -> None:
    """It is touched only when the new one is whole."""
    out = make(tmp_path / "out", "old")

    def fails() -> None:
        with atomic_folder(out, replace=True) as folder:
            make(folder, "new")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fails()

    assert content(out) == {"old"}
    assert names(tmp_path) == ["out"]


def test_a_link_is_followed(tmp_path: Path, way: str) -> None:
    """`current -> version-1` stays a link, and its target is replaced."""
    target = make(tmp_path / "store" / "model", "old")
    link = tmp_path / "current"
    link.symlink_to(target)
    with atomic_folder(link, replace=True) as folder:
        make(folder, "new")

    assert link.is_symlink()
    assert content(target) == {"new"}
    assert names(target.parent) == ["model"]


def test_a_file_is_not_replaced(tmp_path: Path) -> None:
    """Only folders are; the file stays as it is."""
    out = tmp_path / "out"
    out.write_text("precious")

    def overwrites() -> None:
        with atomic_folder(out, replace=True):
            pass

    with pytest.raises(NotADirectoryError):
        overwrites()
    assert out.read_text() == "precious"
    assert names(tmp_path) == ["out"]


def test_what_a_killed_process_left_is_cleared_but_not_what_a_living_one_makes(
    tmp_path: Path,
) -> None:
    """A lock tells them apart; other names are left alone."""
    dead, alive = tmp_path / "out.partial-deadbeef", tmp_path / "out.partial-alive123"
    other, chosen = tmp_path / "out2.partial-deadbeef", tmp_path / "out.partial-second-try"
    for folder in (dead, alive, other, chosen):
        folder.mkdir()
        (folder / "a").touch()
    handle = os.open(alive, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with atomic_folder(tmp_path / "out"):
        pass
    os.close(handle)

    assert names(tmp_path) == sorted(["out", alive.name, other.name, chosen.name])


def test_a_full_folder_is_never_replaced_unasked(tmp_path: Path) -> None:
    """Something that came into being meanwhile stays."""
    out = tmp_path / "out"

    def overtaken() -> None:
        with atomic_folder(out):
            out.mkdir()
            (out / "precious").touch()

    with pytest.raises(OSError, match="not empty"):
        overtaken()

    assert names(tmp_path) == ["out"]
    assert (out / "precious").exists()


@pytest.mark.parametrize(("public", "modes"), [(True, (0o755, 0o644)), (False, (0o700, 0o600))])
def test_who_may_read_the_folder(tmp_path: Path, public: bool, modes: tuple[int, int]) -> None:
    """The umask decides, unless all shall; whatever the writers of the files did."""
    old = os.umask(0o077)
    try:
        with atomic_folder(tmp_path / "out", public=public) as folder:
            make(folder, "x")
            (folder / "b").chmod(0o600)
    finally:
        os.umask(old)

    for path in (tmp_path / "out", *(tmp_path / "out").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == modes[path.is_file()], path


def test_a_file_system_without_locks_or_pushes_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network mounts refuse `flock`, and `fsync` of a folder; the folder appears all the same.

    Nor is anything cleared there, for nobody can say whether it is in use.
    """
    left = make(tmp_path / "out.partial-unknown1", "x")

    def refused(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", refused)
    monkeypatch.setattr("os.fsync", refused)
    with atomic_folder(tmp_path / "out") as folder:
        make(folder, "new")

    assert content(tmp_path / "out") == {"new"}
    assert left.exists()


def test_a_disk_that_fails_at_the_push_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Then the old folder stays: the new one may not be on the disk."""
    out, partial = make(tmp_path / "out", "old"), make(tmp_path / "out.partial-11111111", "new")

    def broken(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(OSError, match="Input/output"):
        replace_folder(partial, out)
    assert content(out) == {"old"}


@pytest.mark.parametrize("replaces", [True, False])
def test_a_folder_that_cannot_be_renamed_leaves_the_old_one_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, replaces: bool
) -> None:
    """Also where two renames are needed and the second one fails."""
    out, partial = tmp_path / "model", make(tmp_path / "model.partial-11111111", "new")
    if replaces:
        make(out, "old")
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if path == partial:
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(module, "_exchange", lambda first, second: False)
    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(OSError, match="No space left"):
        replace_folder(partial, out)

    assert names(tmp_path) == (["model", partial.name] if replaces else [partial.name])
    assert not replaces or content(out) == {"old"}


# ----------------------------------------------------------------------------------------
# Killed at every line. A child of its own process for each line that `atomic_folder.py` executes:
# it kills itself there.

KILLED_AT_EVERY_LINE = """
    import os, shutil, signal, sys
    from pathlib import Path
    from training import atomic_folder as module

    place, way, old = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "old"
    if way == "two renames":
        module._exchange = lambda first, second: False

    def fill(folder, text):
        (folder / "deep").mkdir(parents=True)
        for name in ("deep/a", "b"):
            (folder / name).write_text(text)

    def read(folder):
        return {(folder / name).read_text() for name in ("deep/a", "b")}

    def replace_and_die(out, last):
        lines = 0
        def trace(frame, event, argument):
            nonlocal lines
            if frame.f_code.co_filename != module.__file__:
                return None
            lines += event == "line"
            if lines == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace
        sys.settrace(trace)
        with module.atomic_folder(out, replace=True) as folder:
            fill(folder, "new")
        os._exit(0)

    gone = 0
    for last in range(1, 10_000):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        out = place / "out"
        if old:
            fill(out, "old")
        child = os.fork()
        if not child:
            replace_and_die(out, last)
        _, status = os.waitpid(child, 0)
        there = out.exists()
        if there:
            assert read(out) in ({"old"}, {"new"}), last
        gone += old and not there
        module.clear_abandoned(out)
        allowed = ({"old"}, {"new"}) if old else ({"new"},)
        assert read(out) in allowed if out.exists() else not old, last
        assert [path.name for path in place.iterdir()] == ["out"] * out.exists(), last
        if status == 0:
            break
    assert read(out) == {"new"}
    print(last, gone)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("old", ["old", "none"])
@pytest.mark.parametrize("way", ["exchange", "two renames"])
def test_a_process_may_be_killed_at_any_line(tmp_path: Path, way: str, old: str) -> None:
    """The place holds the old folder or the new one, whole; nothing else is left after clearing.

    With an exchange that holds at once, with two renames after `clear_abandoned`.
    """
    script = textwrap.dedent(KILLED_AT_EVERY_LINE)
    command = [sys.executable, "-c", script, str(tmp_path / "place"), way, old]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    lines, gone = map(int, done.stdout.split())
    assert lines > 40
    if way == "exchange" or old == "none":
        assert gone == 0
    else:
        assert gone > 0


def test_what_replaced_is_restored_by_the_next_call(tmp_path: Path) -> None:
    """The state between the two renames, with an empty folder that somebody made meanwhile."""
    make(tmp_path / "out.partial-replaced-11111111", "old")
    (tmp_path / "out").mkdir()
    clear_abandoned(tmp_path / "out")

    assert content(tmp_path / "out") == {"old"}
    assert names(tmp_path) == ["out"]


def test_names_that_are_no_text_can_be_written(tmp_path: Path) -> None:
    """A file name in an unknown encoding is escaped, as JSON would."""
    write_durably(tmp_path / "a", "caf\udce9")

    assert (tmp_path / "a").read_text() == r"caf\udce9"
