"""A folder that appears whole or not at all.

Owns the making of `OUT.partial-...` beside its final place, its renaming, also to the place of an
older folder, and the clearing away of what killed processes left behind. Knows nothing of what is
written.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from glob import escape as glob_escape
from pathlib import Path


@contextmanager
def atomic_folder(out: Path) -> Generator[Path]:
    """Yield a new folder beside `out`; on success it becomes `out`, on failure it is deleted.

    `out` must not exist, or be an empty folder. The caller pushes the files in it to the disk.

    Raises:
        OSError: a folder cannot be made or renamed.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    clear_abandoned(out)
    folder = Path(tempfile.mkdtemp(prefix=f"{out.name}.partial-", dir=out.parent))
    folder.chmod(0o777 & ~current_umask())
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # says: somebody is at work here; ends with the process
        yield folder
        os.fsync(handle)
        folder.rename(out)
        synchronize(out.parent)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        os.close(handle)


def put_in_place(partial: Path, out: Path) -> None:
    """Rename the finished folder to `out`; an old one goes only when the new one is there.

    All may read it, for who serves it may have another name.

    Raises:
        OSError: it could not be renamed; an old one is where it was.
    """
    partial.chmod(0o755)
    for path in partial.iterdir():
        path.chmod(0o644)
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    replaces = out.exists()
    if replaces:
        out.replace(old)
    try:
        partial.replace(out)
    except OSError:
        if replaces:
            old.replace(out)
        else:
            old.rmdir()
        raise
    shutil.rmtree(old, ignore_errors=True)


def clear_abandoned(out: Path) -> None:
    """Delete partial folders of `out` whose process is gone."""
    for folder in out.parent.glob(f"{glob_escape(out.name)}.partial-*"):
        with suppress(OSError):  # gone already, or somebody is at work there
            handle = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(handle)


def write_durably(path: Path, text: str) -> None:
    """Write a text file and push it to the disk; stray halves of characters are escaped."""
    with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def synchronize(folder: Path) -> None:
    """Push the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def current_umask() -> int:
    """What new files may not allow; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
