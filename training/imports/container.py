"""The outer form of a file of weights: what is checked before torch is even imported.

Owns the limit of size, the recognition of torch's two formats by content, and the check of their
pickles (`pickle_names`). Interprets no tensor. Names of files are never trusted: `.pth`, `.pt` and
`.tar` may each be either format.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path

from training.imports.pickle_names import require_known_names
from training.imports.refusal import ImportRefusedError

MAX_FILE_BYTES = 2 << 30  # the largest checkpoints of known tools have 0.9 GB
MAX_ENTRIES = 100_000
ZIP_MAGIC = b"PK\x03\x04"
# torch before 1.6: pickles of a magic number, a version, the system, the object, and its storages.
LEGACY_MAGIC = b"\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19."
LEGACY_PICKLES = 5
TAR_MARK, TAR_PLACE = b"ustar", 257  # torch before 0.2
PICKLE_START = b"\x80"


def read_regular_file(path: Path, most: int = MAX_FILE_BYTES) -> bytes:
    """Read a whole file; a device or pipe is refused and not waited for.

    Raises:
        ImportRefusedError: it is missing, empty, too large, or not a regular file.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise ImportRefusedError(f"{path} cannot be read: {error.strerror}") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise ImportRefusedError(f"{path} is not a file: give the file of weights itself")
        if not 0 < status.st_size <= most:
            raise ImportRefusedError(
                f"{path} has {status.st_size:,} bytes, 1 to {most:,} are allowed"
            )
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(status.st_size)
    finally:
        os.close(handle)


def is_plain_pickle(content: bytes) -> bool:
    """True for a pickle that is not the beginning of a file of `torch.save`."""
    return content.startswith(PICKLE_START) and not content.startswith(LEGACY_MAGIC)


def require_weights_file(content: bytes, path: str) -> None:
    """Check that `content` is a file of `torch.save` that names only what weights need.

    Raises:
        ImportRefusedError: anything else; the message says what it is, or what it wants to call.
    """
    if content.startswith(ZIP_MAGIC):
        _require_zip(content, path)
    elif content.startswith(LEGACY_MAGIC):
        file = io.BytesIO(content)
        for _ in range(LEGACY_PICKLES):
            require_known_names(file, path)
    elif content[TAR_PLACE:].startswith(TAR_MARK):
        raise ImportRefusedError(
            f"{path} is a tar archive. If it holds a file of weights, unpack it (tar -xf) and "
            "import that one; the tar format of torch before 0.2 is not read"
        )
    elif content.startswith(PICKLE_START):
        require_known_names(io.BytesIO(content), path)  # tells what it wants to call
        raise ImportRefusedError(f"{path} is a pickle, but not a file of torch.save")
    else:
        raise ImportRefusedError(
            f"{path} is not a file of torch.save (.pth, .pt): it begins with {content[:8]!r}"
        )


def _require_zip(content: bytes, path: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _require_plain_entries(entries, len(content), path)
            pickles = [e for e in entries if e.filename.endswith("/data.pkl")]
            if len(pickles) != 1:
                raise ImportRefusedError(
                    f"{path} is a zip file, but not one of torch.save: it has {len(pickles)} "
                    "entries data.pkl, one is needed"
                )
            require_known_names(io.BytesIO(archive.read(pickles[0])), path)
    except ImportRefusedError:
        raise
    except Exception as error:  # zipfile raises many kinds for damaged files
        raise ImportRefusedError(
            f"{path} is damaged or cut short ({str(error)[:100]}): download it again"
        ) from error


def _require_plain_entries(entries: list[zipfile.ZipInfo], size: int, path: str) -> None:
    names = {entry.filename for entry in entries}
    if len(entries) > MAX_ENTRIES or len(names) < len(entries):
        raise ImportRefusedError(f"{path} has too many entries, or two of one name")
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ImportRefusedError(
            f"{path} has compressed entries, which torch.save never writes. If it holds a file of "
            "weights, unpack it and import that one"
        )
    if sum(entry.file_size for entry in entries) > size:
        raise ImportRefusedError(f"{path} has entries that are larger than the file itself")
    if any(name.endswith("/constants.pkl") for name in names):
        raise ImportRefusedError(
            f"{path} is a TorchScript program, and no file of weights. Save the state dict of its "
            "network with torch.save"
        )
