"""The reference pictures of a bundle: its golden seeds, and its preview.

Owns the choice of the seeds. Writes nothing.
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from models.card import Golden
from models.families.table import offer_of
from models.family import ImageGenerator
from models.growth import Growth
from models.picture import BitDepth, pixel_sha256, thumbnail_of
from models.resolution import level_of
from training.rendering import grid_of, render

GOLDEN_SEEDS = (0, 1, 2)
PREVIEW_COLUMNS, PREVIEW_ROWS = 6, 3
PREVIEW_TILE = 96  # pixels, at least


def golden_of(generator: ImageGenerator, bit_depth: BitDepth = 8) -> tuple[Golden, ...]:
    """Golden seeds at the top resolution, and the first of them at every other resolution."""
    top = generator.config.resolution
    wanted = [(seed, top) for seed in GOLDEN_SEEDS]
    wanted += [(GOLDEN_SEEDS[0], r) for r in generator.config.resolutions if r != top]
    return tuple(golden_at(generator, seed, resolution, bit_depth) for seed, resolution in wanted)


def golden_at(
    generator: ImageGenerator, seed: int, resolution: int, bit_depth: BitDepth = 8
) -> Golden:
    """Digest and thumbnail of one seed, rendered as a batch of one in this bit depth."""
    growth = Growth(level_of(resolution))
    picture = render(generator, [seed], growth, bit_depth=bit_depth)[0]
    return Golden(seed, resolution, pixel_sha256([picture]), thumbnail_of(picture))


def preview_of(generator: ImageGenerator, samples: Path | None = None) -> bytes:
    """Grid of the first seeds in 8 bits, as WebP; with classes, each in turn.

    Of a translation, the seeds of whose golden pictures are noise, it is the last grid in the
    folder `samples` of its run, if there is one.
    """
    grids = sorted(samples.glob("*.png")) if samples else []
    if grids and offer_of(generator.config).translates:
        with Image.open(grids[-1]) as grid:
            return _preview(grid)
    classes = generator.config.classes
    seeds = range(PREVIEW_COLUMNS * PREVIEW_ROWS)
    labels = [seed % classes for seed in seeds] if classes else None
    pictures = render(generator, seeds, Growth(generator.config.top_level), labels)
    return _preview(grid_of(pictures, PREVIEW_COLUMNS, PREVIEW_TILE))


def _preview(grid: Image.Image) -> bytes:
    """Encode a grid as WebP."""
    file = io.BytesIO()
    grid.save(file, format="WEBP", quality=90)
    return file.getvalue()
