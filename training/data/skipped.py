"""Pictures that were left out, named with their reasons.

Owns `skipped.jsonl`, one line for each, what `--strict` means, and how many were left out for which
reason. Holds only the first few.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from training.data.manifest import SKIPPED_LISTED, DataError, Skipped

VARIABLE = re.compile(r" \([^()]*\)")  # what differs from picture to picture
REMEDIES = {
    "is too small": "a lower --resolution takes them",
    "is too large": "save them smaller first",
}


class SkippedWriter:
    """Writes down what is skipped; without anything to write there is no file.

    Args:
        path: of the file.
        strict: refuse the first picture instead.
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
            DataError: strict, and there is one.
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
        """The first pictures and their reasons, in words."""
        return "; ".join(f"{picture.name} {picture.reason}" for picture in self.first[:listed])

    def close(self) -> None:
        """Push the file to the disk, or delete it if it is empty."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if not self.count:
            self.path.unlink()

    def abandon(self) -> None:
        """Close the file, whatever state it is in."""
        try:
            self._file.close()
        except OSError:
            pass  # the disk is full and the file about to be deleted


def reason_group(reason: str) -> str:
    """A reason without what differs from picture to picture, with what may be done about it."""
    group = VARIABLE.sub("", reason)
    advice = REMEDIES.get(group)
    return f"{group}; {advice}" if advice else group
