"""The picture grids of a run: always the same seeds, so that one can watch them learn.

Owns how a generator is rendered into a grid. Seeds follow `models.latent`, like the service's.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from models.generator import Generator
from models.growth import Growth
from models.latent import latent_of
from models.pixels import Pixels, to_pixels

SAMPLES = "samples"  # the folder in a run
COLUMNS = 8
ROWS = 6
SMALLEST_TILE = 64  # pixels; smaller pictures are enlarged by a whole factor
RENDER_BATCH = 16


@torch.no_grad()
def render(generator: Generator, seeds: Sequence[int], growth: Growth) -> Pixels:
    """Pictures of `seeds`, uint8 `[N, R, R, C]`."""
    device = next(generator.parameters()).device
    parts: list[Pixels] = []
    for start in range(0, len(seeds), RENDER_BATCH):
        part = seeds[start : start + RENDER_BATCH]
        z = np.stack([latent_of(seed, generator.config.latent_size) for seed in part])
        parts.append(to_pixels(generator(torch.from_numpy(z).to(device), growth)).cpu().numpy())
    return np.concatenate(parts)


def grid_of(pictures: Pixels, columns: int, smallest_tile: int = SMALLEST_TILE) -> Image.Image:
    """Pictures `[N, R, R, C]` side by side in rows of `columns`; N is a multiple of it."""
    n, size, _, channels = pictures.shape
    factor = max(1, smallest_tile // size)
    tiles = pictures.repeat(factor, axis=1).repeat(factor, axis=2)
    size *= factor
    rows = tiles.reshape(n // columns, columns, size, size, channels).transpose(0, 2, 1, 3, 4)
    sheet = rows.reshape(n // columns * size, columns * size, channels)
    return Image.fromarray(sheet.squeeze(2) if channels == 1 else sheet)


def write_grid(folder: Path, generator: Generator, growth: Growth, images_shown: int) -> Path:
    """Write the grid of this moment as PNG; appears whole or not at all.

    Raises:
        OSError: the disk is full.
    """
    pictures = render(generator, range(COLUMNS * ROWS), growth)
    path = folder / f"{images_shown:09d}-{growth.resolution:04d}px.png"
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            grid_of(pictures, COLUMNS).save(file, format="PNG")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path
