"""Picture grids of a run, always of the same seeds, so that progress is visible.

Owns the rendering of pictures and grids. Grids of a run are 8-bit views, also where its pictures
have 16 bits. Latents of seeds, and classes if none are given, come from
`models.latent`, as in the service.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from models.family import ImageGenerator
from models.growth import Growth
from models.latent import label_of, latent_of
from models.picture import BitDepth, Pixels
from models.pixels import to_pixels

SAMPLES = "samples"  # folder in a run
COLUMNS = 8
ROWS = 6
MOST_CLASSES = 16  # rows
SMALLEST_TILE = 64  # pixels; smaller pictures are enlarged by a whole factor
RENDER_BATCH = 16


def latents_and_labels(
    generator: ImageGenerator, seeds: Sequence[int], labels: Sequence[int] | None = None
) -> tuple[Tensor, Tensor | None]:
    """Latents `[N, L]` and classes `[N]` of `seeds`; without `labels` each seed has its own class.

    The classes are None if the generator has none.
    """
    device, config = next(generator.parameters()).device, generator.config
    z = torch.from_numpy(np.stack([latent_of(seed, config.latent_size) for seed in seeds]))
    if not config.classes:
        return z.to(device), None
    classes = labels or [label_of(seed, config.classes) for seed in seeds]
    return z.to(device), torch.tensor(classes, device=device)


@torch.no_grad()
def render(
    generator: ImageGenerator,
    seeds: Sequence[int],
    growth: Growth,
    labels: Sequence[int] | None = None,
    bit_depth: BitDepth = 8,
) -> Pixels:
    """Render `seeds` with classes `labels`, or else their own: `[N, H, W, C]`.

    They are uint8, or uint16 with a bit depth of 16.
    """
    parts: list[Pixels] = []
    for start in range(0, len(seeds), RENDER_BATCH):
        part = slice(start, start + RENDER_BATCH)
        z, classes = latents_and_labels(generator, seeds[part], labels[part] if labels else None)
        parts.append(to_pixels(generator(z, growth, classes), bit_depth).cpu().numpy())
    return np.concatenate(parts)


def grid_of(pictures: Pixels, columns: int, smallest_tile: int = SMALLEST_TILE) -> Image.Image:
    """Arrange pictures `[N, H, W, C]` in rows of `columns`; N is a multiple of `columns`.

    Pictures lower than `smallest_tile` are enlarged by a whole factor.
    """
    factor = max(1, smallest_tile // pictures.shape[1])
    tiles = pictures.repeat(factor, axis=1).repeat(factor, axis=2)
    n, height, width, channels = tiles.shape
    rows = tiles.reshape(n // columns, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    sheet = rows.reshape(n // columns * height, columns * width, channels)
    return Image.fromarray(sheet.squeeze(2) if channels == 1 else sheet)


def grid_seeds(classes: int) -> tuple[list[int], list[int] | None]:
    """Seeds of a grid, and their classes: one row for each class, with the same seeds in all rows.

    If there are more than `MOST_CLASSES` classes, so many of them are chosen, evenly spaced.
    """
    if not classes:
        return list(range(COLUMNS * ROWS)), None
    rows = min(classes, MOST_CLASSES)
    shown = [row * classes // rows for row in range(rows)]
    return list(range(COLUMNS)) * rows, [label for label in shown for _ in range(COLUMNS)]


def write_grid(folder: Path, generator: ImageGenerator, growth: Growth, images_shown: int) -> Path:
    """Write the grid of the current generator as PNG, atomically.

    Raises:
        OSError: the disk is full.
    """
    seeds, labels = grid_seeds(generator.config.classes)
    pictures = render(generator, seeds, growth, labels)
    tile = SMALLEST_TILE * pictures.shape[1] // growth.resolution  # same factor as for squares
    return save_grid(folder, grid_of(pictures, COLUMNS, tile), growth, images_shown)


def save_grid(folder: Path, grid: Image.Image, growth: Growth, images_shown: int) -> Path:
    """Save a grid as PNG, atomically, under the name of its place in the run.

    Raises:
        OSError: the disk is full.
    """
    path = folder / f"{images_shown:09d}-{growth.resolution:04d}px.png"
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            grid.save(file, format="PNG")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path
