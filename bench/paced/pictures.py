"""Pictures for a paced engine: real ones of a shipped bundle, or noise.

Owns their making. Knows no service.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from bench.rivals.inside import MAX_BATCH, Ours
from models.picture import Pixels

PICTURES = 16  # different ones of each resolution


def sized_pictures(bundles: Path, resolutions: Sequence[int]) -> dict[int, list[Pixels]]:
    """Pictures of the one bundle in `bundles`, brought to each resolution: uint8 `[R, R, 3]`."""
    inside = Ours(bundles, threads=1)
    drawn = [
        picture
        for first in range(0, PICTURES, MAX_BATCH)
        for picture in inside.render(range(first, first + MAX_BATCH))
    ]
    return {size: [_sized(picture, size) for picture in drawn] for size in resolutions}


def noise_pictures(resolutions: Sequence[int]) -> dict[int, list[Pixels]]:
    """Random pictures, where their content does not matter: uint8 `[R, R, 3]`."""
    chance = np.random.default_rng(0)
    return {size: [chance.integers(0, 256, (size, size, 3), np.uint8)] for size in resolutions}


def _sized(picture: Pixels, size: int) -> Pixels:
    image = Image.fromarray(picture)
    way = Image.Resampling.BOX if size < image.width else Image.Resampling.BICUBIC
    return np.asarray(image.resize((size, size), way))
