"""The state of a source, by which a second preparation detects that its files have changed.

Owns `SourceState` and `source.json`, which stores it beside the manifest. It is not part of the
manifest, because that is the same for the same pictures, independent of their modification times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from pydantic import TypeAdapter, ValidationError

from models.strict_json import STRICT

STATE_FILE = "source.json"
NANOSECONDS = 10**9


@dataclass(frozen=True)
class Found:
    """A file of a source: path, size in bytes, and stamp (modification time in ns, or checksum)."""

    name: str
    size: int
    stamp: int


@dataclass(frozen=True)
class SourceState:
    """Summary of the files of a source, computed without reading them.

    Attributes:
        files: number of files.
        bytes: total size.
        newest: the latest modification time of any file, ISO 8601; empty if unknown.
        sha256: over path, size and stamp of each file, in order.
    """

    __pydantic_config__: ClassVar = STRICT

    files: int
    bytes: int
    newest: str
    sha256: str


class StateWriter:
    """Computes a `SourceState` incrementally."""

    def __init__(self) -> None:
        self._files = self._bytes = self._newest = 0
        self._digest = hashlib.sha256()

    def add(self, file: Found, *, is_time: bool = True) -> None:
        """Add a file; `is_time`: its stamp is a modification time, not a checksum."""
        self._files += 1
        self._bytes += file.size
        self._newest = max(self._newest, file.stamp if is_time else 0)
        line = f"{file.name}\0{file.size}\0{file.stamp}\n"
        self._digest.update(line.encode("utf-8", "surrogateescape"))

    def state(self) -> SourceState:
        """State of all files added so far."""
        newest = ""
        if self._newest:
            newest = datetime.fromtimestamp(self._newest // NANOSECONDS, UTC).isoformat()
        return SourceState(self._files, self._bytes, newest, self._digest.hexdigest())


def found_file(path: Path) -> Found:
    """Read size and modification time of a single file.

    Raises:
        OSError: the file does not exist.
    """
    status = path.stat()
    return Found(path.name, status.st_size, status.st_mtime_ns)


def state_of(files: Iterable[Found]) -> SourceState:
    """The state of a source of these files."""
    writer = StateWriter()
    for file in files:
        writer.add(file)
    return writer.state()


def state_json(state: SourceState) -> str:
    """The text of `source.json`."""
    return TypeAdapter(SourceState).dump_json(state, indent=2).decode() + "\n"


def read_state(folder: Path) -> SourceState | None:
    """The state of the source when `folder` was prepared; None if unknown."""
    try:
        return TypeAdapter(SourceState).validate_json((folder / STATE_FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def difference(before: SourceState, now: SourceState) -> str:
    """Describe the changes for a message; empty if there are none."""
    if before.sha256 == now.sha256:
        return ""
    changes: list[str] = []
    if now.files != before.files:
        changes.append(f"{before.files:,} files then, {now.files:,} now")
    if now.bytes != before.bytes:
        changes.append(f"{before.bytes:,} bytes then, {now.bytes:,} now")
    if now.newest != before.newest:
        changes.append(f"last change {before.newest or 'unknown'} then, {now.newest} now")
    return "; ".join(changes) or "names or times of files"
