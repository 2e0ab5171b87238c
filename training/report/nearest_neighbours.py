"""Nearest training pictures of the currently generated ones, as one sheet of the page.

Owns the selection of the pictures and the sheet. The search is `training.quality.pixel_search`, as
in `evaluate`, which also compares features. Knows no page.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.family import ImageGenerator
from models.growth import Growth
from training.atomic_folder import write_file
from training.data.stream import Prepared
from training.quality.pictures import PictureSet, choose_real, pictures_at
from training.quality.pixel_search import COARSE_SIZE, RERANKED, downsample_to, rank_by_pixels
from training.quality.translations import sample_pictures
from training.rendering import grid_of
from training.report.frames import LARGEST_TILE, encode_webp

SEEDS = range(8)  # of the first row of the picture grids; each with its own class
REPORT_NEIGHBOURS = 3  # training pictures for each generated one
SEARCHED = 20_000  # training pictures, at most
SHEET_FILE = "lookalikes.webp"


@dataclass(frozen=True)
class NeighbourSheet:
    """Sheet of pictures: generated ones in the first row, the nearest training pictures below."""

    webp: bytes
    searched: int


def find_neighbours(average: ImageGenerator, growth: Growth, prepared: Prepared) -> NeighbourSheet:
    """Search at most 20,000 training pictures, always the same ones."""
    drawn = sample_pictures(average, growth, prepared, SEEDS)
    generated = PictureSet(drawn, np.arange(len(drawn)))
    array = prepared.images(growth.resolution)
    searched = choose_real(array, SEARCHED, seed=0).numbers
    ranked = rank_by_pixels(generated, prepared, growth.resolution, RERANKED, searched)
    nearest = np.stack([numbers[:REPORT_NEIGHBOURS] for _, numbers in ranked])
    real = pictures_at(array, nearest.T.reshape(-1))
    tiles = downsample_to(np.concatenate([drawn, real]), LARGEST_TILE)
    sheet = grid_of(tiles, len(drawn), smallest_tile=1)
    return NeighbourSheet(encode_webp(sheet, lossless=tiles.shape[1] <= COARSE_SIZE), len(searched))


def save_neighbours(folder: Path, found: NeighbourSheet) -> None:
    """Save the sheet, so that the `report` command can show it without the training pictures.

    Raises:
        OSError: the disk is full; an older sheet is kept.
    """
    folder.mkdir(exist_ok=True)
    write_file(folder / SHEET_FILE, found.webp)
