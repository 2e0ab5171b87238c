"""A folder that appears whole or not at all, also in the place of an older one.

Owns unfinished folders (`OUT.partial-...` beside their final place), pushing them to the disk,
putting them in place in one step, and clearing or restoring what a killed process left behind.
Knows nothing of what is written.

    with atomic_folder(out, replace=True) as folder:
        (folder / "card.json").write_text(...)

**Replacing.** Where the kernel can exchange two names in one step (Linux, `renameat2`), `out` is
the old folder or the new one at every moment. Elsewhere there are two renames, and between them no
`out`; if the process is killed just there, the next `atomic_folder(out)` or `clear_abandoned(out)`
puts the old folder back.
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
RANDOM = "?" * 8  # how `tempfile` ends its names, as a pattern
NOT_OFFERED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK}  # by a file system


@contextmanager
def atomic_folder(out: Path, *, replace: bool = False, public: bool = False) -> Generator[Path]:
    """Yield a new folder beside `out`; on success it becomes `out`, on failure it is deleted.

    All that lies in it is pushed to the disk before that. If `out` is a link, its target counts.

    Args:
        out: must not exist, or be an empty folder, unless `replace`.
        replace: an older folder `out` is deleted, when the new one has taken its place.
        public: all users of the machine may read the result, whatever the umask says.

    Raises:
        OSError: a folder cannot be made, pushed to the disk or renamed; `out` is as it was.
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
    """Put the finished folder `partial` in the place of `out`, and delete an old `out`.

    Args:
        partial: on the same file system as `out`, best named as `atomic_folder` does.
        out: a folder, or nothing.

    Raises:
        OSError: `partial` cannot be pushed to the disk or renamed, or `out` is a file; `out` is as
            it was.
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
    """Delete unfinished folders of `out` whose process is gone; restore an `out` they replaced."""
    out = Path(os.path.realpath(out))
    name = glob_escape(out.name)
    for old in sorted(out.parent.glob(f"{name}{REPLACED}{RANDOM}")):
        with suppress(OSError), _unused(old):
            if any(old.iterdir()):
                with suppress(OSError):  # refused where `out` is there and not empty
                    old.rename(out)
                    _synchronize(out.parent)
            shutil.rmtree(old, ignore_errors=True)
    for folder in out.parent.glob(f"{name}{UNFINISHED}{RANDOM}"):
        with suppress(OSError), _unused(folder):
            shutil.rmtree(folder)


def write_file(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all, and push it to the disk.

    Raises:
        OSError: the disk is full; an older file stays.
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
    """Write a text file and push it to the disk; stray halves of characters are escaped."""
    with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def current_umask() -> int:
    """The permissions that new files do not get; they can only be read by setting them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two names in one step; False where that is not offered, and nothing was done."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    # Any refusal counts as "not offered": a sandbox may answer with any error number, and if the
    # cause is a real one, the two renames that follow will meet and report it.
    names = os.fsencode(first), os.fsencode(second)
    return rename(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0


def _rename_both(partial: Path, out: Path) -> None:
    """Move `out` away and `partial` into its place; see `clear_abandoned`."""
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
        OSError: it has gone, or a process holds its lock.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, kind: int) -> None:
    """Lock an open folder where its file system has locks; where not, nobody clears it either."""
    try:
        fcntl.flock(handle, kind)
    except OSError as error:
        if error.errno not in NOT_OFFERED:
            raise


def _set_permissions(folder: Path, mask: int) -> None:
    """Give all that lies in a folder the permissions of new files under this umask."""
    for parent, _, files in os.walk(folder):
        Path(parent).chmod(0o777 & ~mask)
        for name in files:
            Path(parent, name).chmod(0o666 & ~mask)


def _synchronize_tree(folder: Path) -> None:
    """Push all files and names below a folder to the disk."""
    for parent, _, files in os.walk(folder):
        for path in (*(Path(parent, name) for name in files), Path(parent)):
            _synchronize(path)


def _synchronize(path: Path) -> None:
    """Push a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NOT_OFFERED:
            raise
    finally:
        os.close(handle)
