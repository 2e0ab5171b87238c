"""Picture grids of a run, compressed for one HTML page.

Owns the conversion of grids to WebP, the folder where converted grids are kept, and the selection
of grids for a long run. Knows no generator.
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
LOSSLESS_UP_TO = 32  # pixels; such pictures are small files, and artefacts would be visible
QUALITY = 70
BUDGET = 6_000_000  # bytes of all frames together; base64 adds a third
NAME = re.compile(r"(\d+)-(\d+)px")


@dataclass(frozen=True)
class Frame:
    """One grid.

    Attributes:
        images_shown: at the time of the grid.
        resolution: of its pictures in pixels, before they were downsampled.
        webp: content of the WebP file.
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
    """Load the grids up to `up_to` images shown, oldest first; only some if all are too large.

    Args:
        samples: the folder of the PNG files.
        up_to: images shown; later grids, left when a run resumed from an older checkpoint, are
            left out.
        kept: a folder for the WebP files, so that each grid is converted once; None to keep none.
        budget: bytes of all frames together.
        on_progress: called with the number of grids read and the total.

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
    """Choose indices that fit the budget: all, or every second, third, ...; always the last."""
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
    """Convert a grid to WebP; pictures larger than 128 pixels are downsampled to 128.

    Raises:
        OSError: the grid cannot be read.
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
    """Encode an image as a WebP file."""
    file = io.BytesIO()
    image.save(file, format="WEBP", lossless=lossless, quality=QUALITY, method=1)
    return file.getvalue()
