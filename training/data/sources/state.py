"""The state of a source: by which a second preparation sees that its files have changed.

Owns `SourceState` and `source.json`, which lies beside the manifest and holds it: not in the
manifest, which is the same for the same pictures, whenever they were copied.
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
    """A file of a source: its path, its bytes, and a stamp (the time of its last change, in ns)."""

    name: str
    size: int
    stamp: int


@dataclass(frozen=True)
class SourceState:
    """What is known of the files of a source without reading them.

    Attributes:
        files: how many there are.
        bytes: their sizes together.
        newest: the time of the last change to any of them, ISO 8601; empty if unknown.
        sha256: over path, size and stamp of each, in order.
    """

    __pydantic_config__: ClassVar = STRICT

    files: int
    bytes: int
    newest: str
    sha256: str


class StateWriter:
    """Sums up files one after the other."""

    def __init__(self) -> None:
        self._files = self._bytes = self._newest = 0
        self._digest = hashlib.sha256()

    def add(self, file: Found, *, is_time: bool = True) -> None:
        """Count a file; `is_time`: its stamp is a time, and no checksum."""
        self._files += 1
        self._bytes += file.size
        self._newest = max(self._newest, file.stamp if is_time else 0)
        line = f"{file.name}\0{file.size}\0{file.stamp}\n"
        self._digest.update(line.encode("utf-8", "surrogateescape"))

    def state(self) -> SourceState:
        """Of all files so far."""
        newest = ""
        if self._newest:
            newest = datetime.fromtimestamp(self._newest // NANOSECONDS, UTC).isoformat()
        return SourceState(self._files, self._bytes, newest, self._digest.hexdigest())


def found_file(path: Path) -> Found:
    """A file of its own.

    Raises:
        OSError: it is not there.
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
    """The state of the source when `folder` was prepared; None if it is not known."""
    try:
        return TypeAdapter(SourceState).validate_json((folder / STATE_FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def difference(before: SourceState, now: SourceState) -> str:
    """What has changed, in words; empty if nothing has."""
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
