"""Atomic writing of folders and files: they appear complete or not at all.

Owns unfinished folders (`OUT.partial-...` beside their final path), their synchronization to the
disk (fsync), their renaming in one step, and the cleanup after a killed process.
Knows no content of the folders.

    with atomic_folder(out, replace=True) as folder:
        (folder / "card.json").write_text(...)

**Replacing.** If the kernel can exchange two names in one step (Linux, `renameat2`), `out` is
always either the old folder or the new one. Otherwise there are two renames, and `out` does not
exist between them; if the process is killed at that point, the next `atomic_folder(out)` or
`clear_abandoned(out)` restores the old folder.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from glob import escape as glob_escape
from pathlib import Path

from models.layout import UNFINISHED

REPLACED = f"{UNFINISHED}replaced-"  # the old folder, between the two renames
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # Linux, <fcntl.h> and <linux/fs.h>
RANDOM = "?" * 8  # pattern of the suffix of names by `tempfile`
NOT_OFFERED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK}  # if there are no locks


@contextmanager
def atomic_folder(out: Path, *, replace: bool = False, public: bool = False) -> Generator[Path]:
    """Yield a new folder beside `out`; on success it becomes `out`, on failure it is deleted.

    Its content is synchronized to the disk before that. If `out` is a link, its target is used.

    Args:
        out: must not exist, or be an empty folder, unless `replace`.
        replace: an older folder `out` is deleted after the new one has replaced it.
        public: all users of the machine may read the result, regardless of the umask.

    Raises:
        OSError: a folder cannot be created, synchronized or renamed; `out` is unchanged.
    """
    out = Path(os.path.realpath(out))
    out.parent.mkdir(parents=True, exist_ok=True)
    clear_abandoned(out)
    folder = Path(tempfile.mkdtemp(prefix=f"{out.name}{UNFINISHED}", dir=out.parent))
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, fcntl.LOCK_EX)  # marks the folder as in use; ends with the process
        yield folder
        _set_permissions(folder, 0o022 if public else current_umask())
        if replace:
            replace_folder(folder, out)
        else:
            _synchronize_tree(folder)
            folder.rename(out)
            _synchronize(out.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def replace_folder(partial: Path, out: Path) -> None:
    """Rename the finished folder `partial` to `out`, and delete an old `out`.

    Args:
        partial: on the same file system as `out`; preferably named as by `atomic_folder`.
        out: an existing folder, or a path that does not exist.

    Raises:
        OSError: `partial` cannot be synchronized to the disk or renamed, or `out` is a file; `out`
            is unchanged.
    """
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "is a file, and no folder to replace", str(out))
    _synchronize_tree(partial)
    if not out.exists():
        partial.rename(out)
        _synchronize(out.parent)
    elif _exchange(partial, out):
        _synchronize(out.parent)
        shutil.rmtree(partial, ignore_errors=True)
    else:
        _rename_both(partial, out)


def clear_abandoned(out: Path) -> None:
    """Delete unfinished folders of `out` whose process has ended; restore a replaced `out`."""
    out = Path(os.path.realpath(out))
    name = glob_escape(out.name)
    for old in sorted(out.parent.glob(f"{name}{REPLACED}{RANDOM}")):
        with suppress(OSError), _unused(old):
            if any(old.iterdir()):
                with suppress(OSError):  # fails if `out` exists and is not empty
                    old.rename(out)
                    _synchronize(out.parent)
            shutil.rmtree(old, ignore_errors=True)
    for folder in out.parent.glob(f"{name}{UNFINISHED}{RANDOM}"):
        with suppress(OSError), _unused(folder):
            shutil.rmtree(folder)


def write_file(path: Path, content: bytes) -> None:
    """Write a file atomically, and synchronize it to the disk.

    Raises:
        OSError: the disk is full; an older file is kept.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _synchronize(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_durably(path: Path, text: str) -> None:
    """Write a text file and synchronize it to the disk; lone surrogates are escaped."""
    with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def current_umask() -> int:
    """Return the umask of the process; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two names in one step; False if this is not supported, and nothing was changed."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    # Any error counts as "not supported", because a sandbox may return any error number. A real
    # error is raised again by the two renames that follow.
    names = os.fsencode(first), os.fsencode(second)
    return rename(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0


def _rename_both(partial: Path, out: Path) -> None:
    """Rename `out` to a temporary name, then `partial` to `out`; see `clear_abandoned`."""
    old = Path(tempfile.mkdtemp(prefix=f"{out.name}{REPLACED}", dir=out.parent))
    handle = os.open(out, os.O_RDONLY)
    try:
        _lock(handle, fcntl.LOCK_EX)
        out.rename(old)
        try:
            partial.rename(out)
        except BaseException:
            old.rename(out)
            raise
        _synchronize(out.parent)
    finally:
        if out.exists():
            shutil.rmtree(old, ignore_errors=True)
        os.close(handle)


@contextmanager
def _unused(folder: Path) -> Generator[None]:
    """Hold the lock of a folder.

    Raises:
        OSError: the folder does not exist any more, or another process holds its lock.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, kind: int) -> None:
    """Lock an open folder if its file system has locks; without locks nothing is cleared either."""
    try:
        fcntl.flock(handle, kind)
    except OSError as error:
        if error.errno not in NOT_OFFERED:
            raise


def _set_permissions(folder: Path, mask: int) -> None:
    """Set the permissions of a folder and its content to those of new files under this umask."""
    for parent, _, files in os.walk(folder):
        Path(parent).chmod(0o777 & ~mask)
        for name in files:
            Path(parent, name).chmod(0o666 & ~mask)


def _synchronize_tree(folder: Path) -> None:
    """Synchronize all files and directory entries below a folder to the disk."""
    for parent, _, files in os.walk(folder):
        for path in (*(Path(parent, name) for name in files), Path(parent)):
            _synchronize(path)


def _synchronize(path: Path) -> None:
    """Synchronize a file, or the entries of a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NOT_OFFERED:
            raise
    finally:
        os.close(handle)
