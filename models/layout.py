"""The layout of a bundle on disk: names of its files and of unfinished folders.

Owns the names and the digest of a file. Reads no card and knows no tensor, so that code that lists,
watches or copies bundles need not import torch.
"""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

WEIGHTS_FILE = "generator.safetensors"
CARD_FILE = "card.json"
PREVIEW_FILE = "preview.webp"
DISCRIMINATOR_FILE = "discriminator.safetensors"  # for further training; not served
REQUIRED_FILES = (CARD_FILE, WEIGHTS_FILE)  # a bundle without a preview is served
MAX_CARD_BYTES = 4 << 20

UNFINISHED = ".partial-"  # in the name of a folder that is still being written


def is_visible(name: str) -> bool:
    """True if a folder of that name may be a bundle: neither hidden nor unfinished."""
    return not name.startswith(".") and UNFINISHED not in name


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal; read in chunks.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_file(path: Path, most: int | None = None) -> None:
    """Reject anything but a regular file (reading a pipe may never end) of at most `most` bytes.

    Raises:
        OSError: not a regular file, or larger than `most`.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is not a file")
    if most is not None and status.st_size > most:
        raise OSError(f"it has {status.st_size:,} bytes, {most:,} are allowed")
