"""Does it copy? The training pictures that look most like what the generator draws now.

Owns which pictures are compared at a glance, and the sheet that shows what was found; `evaluate`
looks with a network's eyes, too. Knows no page.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.families.progan.generator import Generator
from models.families.progan.growth import Growth
from training.data.stream import Prepared
from training.quality.coarse_search import COARSE_SIZE, downsample_to, nearest_pixels, to_points
from training.quality.pictures import choose_real
from training.quality.report import write_whole
from training.rendering import grid_of, render
from training.report.frames import LARGEST_TILE, encode_webp

SEEDS = range(8)  # of the first row of the picture grids; where there are classes, each its own
REPORT_NEIGHBOURS = 3  # training pictures for each
SEARCHED = 20_000  # training pictures, at most
SHEET_FILE = "lookalikes.webp"


@dataclass(frozen=True)
class NeighbourSheet:
    """A sheet: generated pictures in the first row, below each those most like it."""

    webp: bytes
    searched: int


def find_neighbours(average: Generator, growth: Growth, prepared: Prepared) -> NeighbourSheet:
    """Search among at most 20,000 training pictures, always the same ones."""
    drawn = render(average, SEEDS, growth)
    small = prepared.images(min(COARSE_SIZE, growth.resolution))
    searched = choose_real(small, SEARCHED, seed=0)
    points = to_points(downsample_to(drawn, small.shape[1]))
    places = searched.numbers[
        nearest_pixels(points, searched.array, searched.numbers, REPORT_NEIGHBOURS)
    ]
    real = np.asarray(prepared.images(growth.resolution)[places.T.reshape(-1)])
    tiles = downsample_to(np.concatenate([drawn, real]), LARGEST_TILE)
    sheet = grid_of(tiles, len(drawn), smallest_tile=1)
    return NeighbourSheet(encode_webp(sheet, lossless=tiles.shape[1] <= COARSE_SIZE), len(searched))


def save_neighbours(folder: Path, found: NeighbourSheet) -> None:
    """Keep the sheet, so that a page made by hand can show it without the pictures.

    Raises:
        OSError: the disk is full; an older sheet stays.
    """
    folder.mkdir(exist_ok=True)
    write_whole(folder / SHEET_FILE, found.webp)
