"""Small pictures in two classes, and how tests prepare them."""

from pathlib import Path

import numpy as np
from PIL import Image

from training.data.options import PrepareOptions
from training.data.prepare import PrepareProgress

ALONE = PrepareOptions(workers=1)


def quiet(_: PrepareProgress) -> None:
    """Report nothing."""


def draw(path: Path, size: tuple[int, int] = (16, 16), seed: int = 0) -> None:
    """Put a picture of noise there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), np.uint8)
    Image.fromarray(noise).save(path)
