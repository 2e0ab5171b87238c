"""Does it copy? The training pictures that look most like what the generator draws now.

Owns a quick search by colour in small pictures, and the sheet that shows what it found; `evaluate`
searches with a network's eyes. Knows no page.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.generator import Generator
from models.growth import Growth
from training.data import Indices, Prepared
from training.manifest import Pixels
from training.quality.distances import Cloud
from training.quality.pictures import choose
from training.quality.report import write_whole
from training.report.frames import LARGEST_TILE, webp
from training.samples import grid_of, render

SEEDS = range(8)  # of the first row of the picture grids; where there are classes, each its own
SHOWN = 3  # training pictures for each
SEARCHED = 20_000  # training pictures, at most
COMPARED_AT = 16  # pixels
AT_ONCE = 4_096
SHEET_FILE = "lookalikes.webp"


@dataclass(frozen=True)
class Lookalikes:
    """A sheet: generated pictures in the first row, below each those most like it."""

    webp: bytes
    searched: int


def find_lookalikes(average: Generator, growth: Growth, prepared: Prepared) -> Lookalikes:
    """Search among at most 20,000 training pictures, always the same ones."""
    drawn = render(average, SEEDS, growth)
    small = prepared.images(min(COMPARED_AT, growth.resolution))
    searched = choose(small, SEARCHED, seed=0)
    points = flat(halved_to(drawn, small.shape[1]))
    places = searched.numbers[nearest(points, searched.array, searched.numbers)]
    real = np.asarray(prepared.images(growth.resolution)[places.T.reshape(-1)])
    tiles = halved_to(np.concatenate([drawn, real]), LARGEST_TILE)
    sheet = grid_of(tiles, len(drawn), smallest_tile=1)
    return Lookalikes(webp(sheet, lossless=tiles.shape[1] <= COMPARED_AT), len(searched))


def nearest(points: Cloud, array: Pixels, numbers: Indices) -> Indices:
    """For each of `points` `[n, D]`, places in `numbers` of the nearest pictures: `[n, 3]`."""
    squares = np.empty((len(points), len(numbers)), np.float32)
    lengths = np.square(points).sum(axis=1)[:, None]
    for start in range(0, len(numbers), AT_ONCE):
        some = flat(np.asarray(array[numbers[start : start + AT_ONCE]]))
        squares[:, start : start + len(some)] = (
            lengths + np.square(some).sum(axis=1) - 2.0 * (points @ some.T)
        )
    return np.argsort(squares, axis=1, kind="stable")[:, :SHOWN]


def flat(pictures: Pixels) -> Cloud:
    """Pictures `[N, H, W, C]` as points `[N, H * W * C]` in [0, 1]."""
    return pictures.reshape(len(pictures), -1).astype(np.float32) / np.float32(255.0)


def halved_to(pictures: Pixels, size: int) -> Pixels:
    """Pictures `[N, H, W, C]` averaged over blocks, until none is higher than `size`."""
    while pictures.shape[1] > size:
        n, height, width, channels = pictures.shape
        blocks = pictures.reshape(n, height // 2, 2, width // 2, 2, channels)
        pictures = np.rint(blocks.mean(axis=(2, 4), dtype=np.float32)).astype(np.uint8)
    return pictures


def keep_lookalikes(folder: Path, found: Lookalikes) -> None:
    """Keep the sheet, so that a page made by hand can show it without the pictures.

    Raises:
        OSError: the disk is full; an older sheet stays.
    """
    folder.mkdir(exist_ok=True)
    write_whole(folder / SHEET_FILE, found.webp)
