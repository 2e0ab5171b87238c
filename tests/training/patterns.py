"""Pictures with a part that a small network tells at once, prepared for real."""

from pathlib import Path

import numpy as np
from PIL import Image

from models.picture import Pixels
from training.data.options import PrepareOptions
from training.data.prepare import prepare
from training.data.stream import Prepared, open_prepared

KINDS = ("across", "down", "squares")


def pattern(kind: str, random: np.random.Generator, size: int = 8) -> Pixels:
    """Stripes across, stripes down or squares, 2 px wide, of a random bright colour on black."""
    rows, columns = np.indices((size, size)) // 2 % 2
    lit = {"across": rows, "down": columns, "squares": (rows + columns) % 2}[kind]
    colour = random.integers(150, 256, 3)
    return (lit[..., None] * colour).astype(np.uint8)


def prepare_patterns(folder: Path, count: int = 150) -> Prepared:
    """Prepare `count` patterns in three classes, equally many of each."""
    random = np.random.default_rng(0)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        path = folder / "pictures" / kind / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pattern(kind, random)).save(path)
    prepare(
        str(folder / "pictures"), folder / "prepared", PrepareOptions(workers=1), lambda _: None
    )
    return open_prepared(folder / "prepared")
