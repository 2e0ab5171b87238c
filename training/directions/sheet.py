"""The sheet of directions: a row for each, from -3 to +3 standard deviations, with its name.

Owns the layout. Knows no method by which directions are found.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from models.editing import Directions
from training.generation import Sampler
from training.rendering import grid_of

STRENGTHS: Final = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
SHEET_TILE: Final = 64  # pixels of a picture at least
NAME_WIDTH: Final = 72  # pixels
NAME_MARGIN: Final = 8


def direction_sheet(sampler: Sampler, directions: Directions, seed: int) -> Image.Image:
    """Draw the picture of a seed, moved along each direction by each strength."""
    moved = [
        replace(sampler, directions=directions, edits=((name, strength),)).picture(seed)
        for name in directions.names
        for strength in STRENGTHS
    ]
    grid = grid_of(np.stack(moved), len(STRENGTHS), SHEET_TILE).convert("RGB")
    sheet = Image.new("RGB", (grid.width + NAME_WIDTH, grid.height), "white")
    sheet.paste(grid, (NAME_WIDTH, 0))
    draw, height = ImageDraw.Draw(sheet), grid.height // len(directions.names)
    for row, name in enumerate(directions.names):
        draw.text((NAME_MARGIN, row * height + height // 2), name, fill="black", anchor="lm")
    return sheet
