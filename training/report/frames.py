"""The picture grids of a run, small enough to lie in one page.

Owns how a grid becomes a WebP, where it is kept so that it is made once, and which grids a long run
shows. Knows no generator.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from training.atomic_folder import write_file
from training.progress_bar import OnProgress, ignore_progress, tracked
from training.rendering import COLUMNS, SMALLEST_TILE

LARGEST_TILE = 128  # pixels of one picture
LOSSLESS_UP_TO = 32  # pixels; so small a picture costs little and shows every flaw
QUALITY = 70
BUDGET = 6_000_000  # bytes of all frames together; base64 adds a third
NAME = re.compile(r"(\d+)-(\d+)px")


@dataclass(frozen=True)
class Frame:
    """One grid.

    Attributes:
        images_shown: when it was drawn.
        resolution: of its pictures, in pixels, before they were made smaller.
        webp: the file.
    """

    images_shown: int
    resolution: int
    webp: bytes


def frames_of(
    samples: Path,
    up_to: int,
    kept: Path | None,
    budget: int = BUDGET,
    on_progress: OnProgress = ignore_progress,
) -> list[Frame]:
    """The grids of the first `up_to` images, oldest first; fewer of them if they would be large.

    Args:
        samples: the folder of the PNG files.
        up_to: images shown; later grids are of a future that a resumed run has yet to reach.
        kept: a folder for the WebP files, so that each is made once; None to keep none.
        budget: bytes.
        on_progress: takes grids read and grids in all.

    Raises:
        OSError: a grid cannot be read, or the disk is full.
    """
    frames: list[Frame] = []
    for path in tracked(sorted(samples.glob("*.png")), on_progress):
        found = NAME.fullmatch(path.stem)
        if found and int(found[1]) <= up_to:
            frames.append(Frame(int(found[1]), int(found[2]), _webp_of(path, int(found[2]), kept)))
    return [
        frames[place] for place in thin_to_budget([len(frame.webp) for frame in frames], budget)
    ]


def thin_to_budget(sizes: Sequence[int], budget: int) -> list[int]:
    """Places of those that fit: all, or every second, every third, ...; always the last."""
    for stride in range(1, len(sizes) + 1):
        places = list(range(len(sizes) - 1, -1, -stride))[::-1]
        if sum(sizes[place] for place in places) <= budget or len(places) == 1:
            return places
    return []


def _webp_of(path: Path, resolution: int, kept: Path | None) -> bytes:
    if kept is None:
        return shrink_grid(path, resolution)
    small = kept / f"{path.stem}.webp"
    if not small.exists():
        kept.mkdir(exist_ok=True)
        write_file(small, shrink_grid(path, resolution))
    return small.read_bytes()


def shrink_grid(path: Path, resolution: int) -> bytes:
    """A grid as WebP, its pictures at their own size or at 128 pixels, whichever is smaller.

    Raises:
        OSError: it cannot be read.
    """
    with Image.open(path) as image:
        enlarged = max(1, SMALLEST_TILE // resolution)
        width, height = image.width // enlarged, image.height // enlarged
        own = image.resize((width, height), Image.Resampling.NEAREST)
    tile = width // COLUMNS
    if tile > LARGEST_TILE:
        size = (COLUMNS * LARGEST_TILE, round(height * LARGEST_TILE / tile))
        own = own.resize(size, Image.Resampling.BOX)
    return encode_webp(own, lossless=resolution <= LOSSLESS_UP_TO)


def encode_webp(image: Image.Image, *, lossless: bool) -> bytes:
    """An image as a WebP file."""
    file = io.BytesIO()
    image.save(file, format="WEBP", lossless=lossless, quality=QUALITY, method=1)
    return file.getvalue()
