"""Skipped pictures and their reasons.

Owns `skipped.jsonl`, one line for each, the meaning of `--strict`, and the number of skipped
pictures per reason. Keeps only the first few in memory.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from training.data.manifest import SKIPPED_LISTED, DataError, Skipped

VARIABLE = re.compile(r" \([^()]*\)")  # the part that differs between pictures
REMEDIES = {
    "is too small": "a lower --resolution takes them",
    "is too large": "save them smaller first",
}


class SkippedWriter:
    """Records skipped pictures; the file is deleted if there are none.

    Args:
        path: of the file.
        strict: raise at the first skipped picture instead.
    """

    def __init__(self, path: Path, strict: bool) -> None:
        self.path = path
        self.strict = strict
        self.count = 0
        self.first: list[Skipped] = []
        self.groups = Counter[str]()
        self._file = path.open("w", encoding="utf-8")

    def append(self, skipped: list[Skipped]) -> None:
        """Add pictures.

        Raises:
            DataError: `strict` is set, and there is a picture.
        """
        if skipped and self.strict:
            raise DataError(
                f"{skipped[0].name} {skipped[0].reason} "
                "(without --strict such pictures are named, counted and skipped)"
            )
        self.count += len(skipped)
        self.groups.update(reason_group(picture.reason) for picture in skipped)
        self.first += skipped[: max(0, SKIPPED_LISTED - len(self.first))]
        self._file.writelines(json.dumps(asdict(picture)) + "\n" for picture in skipped)

    def reasons(self, listed: int = 3) -> str:
        """List the first pictures with their reasons, for a message."""
        return "; ".join(f"{picture.name} {picture.reason}" for picture in self.first[:listed])

    def close(self) -> None:
        """Flush the file to disk (fsync), or delete it if it is empty."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if not self.count:
            self.path.unlink()

    def abandon(self) -> None:
        """Close the file in any state."""
        try:
            self._file.close()
        except OSError:
            pass  # the disk is full, and the file will be deleted


def reason_group(reason: str) -> str:
    """A reason without the part that differs between pictures, with a remedy if one is known."""
    group = VARIABLE.sub("", reason)
    advice = REMEDIES.get(group)
    return f"{group}; {advice}" if advice else group
