"""The sheet of directions: the picture itself in the middle of each row."""

from __future__ import annotations

import numpy as np
import torch

from models.editing import Directions
from tests.service.styled_models import styled_generator
from training.directions.sheet import NAME_WIDTH, SHEET_TILE, STRENGTHS, direction_sheet
from training.generation import Sampler


def test_a_row_goes_from_one_side_to_the_other() -> None:
    """Its middle is the picture of the seed; a direction of zeros changes nothing."""
    sampler = Sampler(styled_generator(), 16)
    vectors = torch.stack([torch.linspace(-1, 1, 8), torch.zeros(8)])
    sheet = np.asarray(direction_sheet(sampler, Directions(("one", "none"), vectors), seed=3))
    tiles = [
        [
            sheet[row * SHEET_TILE : (row + 1) * SHEET_TILE, left : left + SHEET_TILE]
            for row in range(2)
        ]
        for left in range(NAME_WIDTH, sheet.shape[1], SHEET_TILE)
    ]
    still = sampler.picture(3).repeat(SHEET_TILE // 16, axis=0).repeat(SHEET_TILE // 16, axis=1)

    assert len(tiles) == len(STRENGTHS)
    for number, (one, none) in enumerate(tiles):
        assert np.array_equal(none, still)
        assert np.array_equal(one, still) == (STRENGTHS[number] == 0)
