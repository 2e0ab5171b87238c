"""The journal of a run, in JSON lines.

Owns two files. `journal.jsonl` holds the results of training: a resumed run writes the same bytes
as an uninterrupted one. `timing.jsonl` holds values that depend on the machine and the time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from training.atomic_folder import write_durably

JOURNAL_FILE = "journal.jsonl"
TIMING_FILE = "timing.jsonl"

Line = Mapping[str, object]


def append_line(path: Path, line: Line) -> None:
    """Append one line; it is on the disk when this returns.

    Raises:
        OSError: the disk is full; the file may end in half a line, which `truncate_after` drops.
    """
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_lines(path: Path) -> list[dict[str, object]]:
    """Read the lines before the first partial or damaged one; oldest first."""
    if not path.exists():
        return []
    lines: list[dict[str, object]] = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            break
        if not isinstance(line, dict) or "images_shown" not in line:
            break
        lines.append(cast("dict[str, object]", line))
    return lines


def truncate_after(path: Path, images_shown: int) -> None:
    """Keep only the lines of the first `images_shown` images: a resumed run writes the rest.

    The kept lines cannot be written again, so they are on the disk before they replace the file.
    """
    if not path.exists():
        return
    kept: list[str] = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True):
        try:
            whole = text.endswith("\n") and text.isascii()  # as `append_line` writes them
            if not whole or json.loads(text)["images_shown"] > images_shown:
                break
        except (ValueError, KeyError, TypeError):
            break
        kept.append(text)
    replacement = path.with_suffix(".partial")
    write_durably(replacement, "".join(kept))
    replacement.replace(path)


class Averages:
    """Running means between two journal lines; they can be restored exactly."""

    def __init__(self, sums: Mapping[str, float] | None = None, images: int = 0) -> None:
        self.sums = dict(sums or {})
        self.images = images

    def add(self, numbers: Mapping[str, float], images: int) -> None:
        """Add the numbers of one step of `images` images."""
        for name, value in numbers.items():
            self.sums[name] = self.sums.get(name, 0.0) + value * images
        self.images += images

    def means(self) -> dict[str, float]:
        """Mean per image of every number."""
        return {name: value / self.images for name, value in self.sums.items()}
