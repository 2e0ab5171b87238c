"""Translations of real pictures, always of the same ones, and the grid that shows them.

Owns the choice of the sources and the order of the grid. Knows no metric and no run.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from models.families.table import offer_of
from models.family import ImageGenerator
from models.growth import Growth
from models.picture import BitDepth, Bytes, Pixels, in_eight_bits
from models.pixels import from_pixels, to_pixels
from training.data.stream import Indices, Prepared
from training.rendering import (
    COLUMNS,
    RENDER_BATCH,
    SMALLEST_TILE,
    grid_of,
    render,
    save_grid,
    write_grid,
)

GRID_SOURCES = COLUMNS  # of each domain
MOST_GRID_DOMAINS = 6  # whose pictures are shown; 42 rows


@torch.no_grad()
def translate_pixels(
    generator: ImageGenerator, pixels: Pixels, domain: int, growth: Growth, bit_depth: BitDepth = 8
) -> Pixels:
    """Translate pictures `[N, H, W, C]` of the largest size into a domain, in small batches.

    They are uint8, or uint16 with a bit depth of 16; so are the results, at the size of `growth`.
    """
    device = next(generator.parameters()).device
    parts: list[Pixels] = []
    for start in range(0, len(pixels), RENDER_BATCH):
        part = np.ascontiguousarray(pixels[start : start + RENDER_BATCH])
        sources = from_pixels(torch.from_numpy(part)).contiguous().flatten(1).to(device)
        domains = torch.full((len(part),), domain, device=device)
        images = generator(sources, growth, domains)
        parts.append(to_pixels(images, bit_depth).cpu().numpy())
    return np.concatenate(parts)


def translate_from_other(
    generator: ImageGenerator, prepared: Prepared, domain: int, growth: Growth, count: int
) -> Bytes:
    """Translate the first pictures of all other domains into this one: uint8 `[count, H, W, C]`.

    If there are fewer, they are repeated.
    """
    chosen = np.resize(pictures_of_others(prepared, domain, generator.config.classes), count)
    sources = in_eight_bits(np.asarray(prepared.images(growth.resolution)[chosen]))
    return in_eight_bits(translate_pixels(generator, sources, domain, growth))


def sample_pictures(
    generator: ImageGenerator, growth: Growth, prepared: Prepared, seeds: range
) -> Pixels:
    """Pictures `[N, H, W, C]` that show the current generator: of seeds, or translations.

    As many of the translations go into each domain.
    """
    if not offer_of(generator.config).translates:
        return render(generator, seeds, growth)
    domains = range(generator.config.classes)
    each = -(-len(seeds) // len(domains))
    made = [translate_from_other(generator, prepared, d, growth, each) for d in domains]
    return np.concatenate(made)[: len(seeds)]


def domain_pictures(prepared: Prepared, domain: int) -> Indices:
    """Indices of all pictures of a domain, in a fixed random order."""
    labels = prepared.labels()
    members = np.arange(prepared.count) if labels is None else np.flatnonzero(labels == domain)
    return np.random.default_rng(domain).permutation(members).astype(np.int64)


def pictures_of_others(prepared: Prepared, domain: int, domains: int) -> Indices:
    """Indices of all pictures of other domains than this one, one of each in turn.

    Those of each domain are in a fixed random order.
    """
    orders = [domain_pictures(prepared, d) for d in range(domains) if d != domain]
    turns = np.concatenate([np.arange(len(order)) for order in orders])
    return np.concatenate(orders)[np.argsort(turns, kind="stable")]


def grid_rows(domains: int) -> list[tuple[int, list[int]]]:
    """Domains of the sources of a grid, each with those that they are translated into.

    The first domain comes last; the others of each begin with the one after it.
    """
    shown = min(domains, MOST_GRID_DOMAINS)
    sources = [(place + 1) % shown for place in range(shown)]
    return [(first, [(first + turn) % shown for turn in range(1, shown)]) for first in sources]


def write_samples(
    folder: Path,
    generator: ImageGenerator,
    growth: Growth,
    images_shown: int,
    prepared: Prepared,
) -> Path:
    """Write the grid of the current generator as PNG, atomically.

    Of a translation it has for each domain a row of sources, a row of their translations into each
    other domain, and one of the first of these rows, translated back.

    Raises:
        OSError: the disk is full.
    """
    if not offer_of(generator.config).translates:
        return write_grid(folder, generator, growth, images_shown)
    array = prepared.images(growth.resolution)
    rows: list[Pixels] = []
    for domain, others in grid_rows(generator.config.classes):
        chosen = np.resize(domain_pictures(prepared, domain), GRID_SOURCES)
        sources = in_eight_bits(np.asarray(array[chosen]))
        there = [translate_pixels(generator, sources, other, growth) for other in others]
        back = translate_pixels(generator, there[0], domain, growth)
        rows += [sources, *there, back]
    grid = grid_of(np.concatenate(rows), COLUMNS, SMALLEST_TILE)
    return save_grid(folder, grid, growth, images_shown)
