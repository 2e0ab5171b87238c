"""The command `directions`: find directions in latents or styles, and write them into a bundle.

Owns its options, the names of directions, and the order of its steps.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Final

import torch
from torch import Tensor

from models.bundle import Bundle, load_bundle, save_bundle
from models.card import Card
from models.direction import MAX_DIRECTIONS, Direction
from models.editing import Directions
from models.latent import parse_seed
from models.layout import DISCRIMINATOR_FILE, PREVIEW_FILE
from models.plain_number import whole_number
from training.atomic_folder import atomic_folder
from training.device import add_threads_argument, use_threads
from training.directions.finding import DIRECTION_METHODS
from training.directions.sheet import direction_sheet
from training.generation import Sampler
from training.interpreter import python_command
from training.picture_files import write_whole

MAX_PER_METHOD: Final = MAX_DIRECTIONS // len(DIRECTION_METHODS)
LARGEST_IN_SHEET: Final = 128  # pixels of a picture in the sheet


class DirectionsError(ValueError):
    """A bundle without directions, or options that do not fit."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--bundle", type=Path, required=True, help="the folder of the bundle")
    parser.add_argument(
        "--count",
        type=whole_number,
        default=8,
        metavar="N",
        help=f"directions of each method, 1 to {MAX_PER_METHOD} (default: %(default)s)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="the folder of a new bundle; else the directions are written into --bundle, whose "
        "digest then changes, and with it the pinned addresses of its pictures, not the pictures",
    )
    parser.add_argument(
        "--sheet",
        type=Path,
        metavar="FILE",
        help="a PNG with a row for each direction, -3 to +3 (default: beside the bundle)",
    )
    parser.add_argument("--seed", default="1", help="the seed of the sheet (default: %(default)s)")
    add_threads_argument(parser)


def run(options: argparse.Namespace) -> int:
    """Run the `directions` command."""
    use_threads(options.threads)
    if not 1 <= options.count <= MAX_PER_METHOD:
        raise DirectionsError(f"--count is 1 to {MAX_PER_METHOD}, not {options.count}")
    source: Path = options.bundle
    out: Path = options.out or source
    if options.out and out.exists():
        raise DirectionsError(f"{out} is there already: choose another --out")
    seed = _seed(options.seed)
    sheet: Path = options.sheet or out.resolve().with_name(f"{out.resolve().name}-directions.png")
    if sheet.is_dir():
        raise DirectionsError(f"--sheet {sheet} is a folder: name a file")
    bundle = load_bundle(source)
    sheet.parent.mkdir(parents=True, exist_ok=True)  # before the bundle changes
    found, vectors = found_directions(bundle, options.count)
    card = write_directions(source, out, bundle, found, vectors)
    for direction in card.directions:
        print(f"{direction.name:8s}  {direction.share:6.1%}")
    small = [size for size in card.resolutions if size <= LARGEST_IN_SHEET]
    shown = max(small, default=min(card.resolutions))
    names = tuple(direction.name for direction in card.directions)
    picture = direction_sheet(Sampler(bundle.generator, shown), Directions(names, vectors), seed)
    write_whole(sheet, lambda path: picture.save(path, format="PNG"))
    print(f"{sheet}: the picture of seed {options.seed} along each direction, -3 to +3")
    print(f"{out}: {card.pinned_name}, proved")
    print(f"serve it: PROGAN_BUNDLES={quote(str(out.parent))} {python_command()} -m service")
    return 0


def found_directions(bundle: Bundle, count: int) -> tuple[tuple[Direction, ...], Tensor]:
    """Find directions by every method: their entries for the card, and their vectors `[K, S]`.

    Raises:
        DirectionsError: the generator has neither latents nor styles.
    """
    entries: list[Direction] = []
    vectors: list[Tensor] = []
    for name, (title, find) in DIRECTION_METHODS.items():
        try:
            found = find(bundle.generator, count)
        except TypeError as error:
            raise DirectionsError(
                f"{bundle.card.name} makes its pictures from pictures, not from latents, so it has "
                "no directions"
            ) from error
        entries += _named(name, title, found.shares)
        vectors.append(found.vectors)
    return tuple(entries), torch.cat(vectors)


def write_directions(
    source: Path, out: Path, bundle: Bundle, found: tuple[Direction, ...], vectors: Tensor
) -> Card:
    """Write a bundle with directions, and prove it by reading it; returns the card as read.

    The weights are the same, so pictures without edits and golden seeds are, too.

    Raises:
        DirectionsError: what is read differs from what was written; `out` is unchanged.
        OSError: the disk is full; `out` is unchanged.
    """
    card = replace(bundle.card, directions=found)
    preview = (source / PREVIEW_FILE).read_bytes()
    with atomic_folder(out, replace=True, public=True) as partial:
        if card.discriminator_sha256 is not None:
            shutil.copyfile(source / DISCRIMINATOR_FILE, partial / DISCRIMINATOR_FILE)
        save_bundle(partial, bundle.generator, card, preview, vectors)
        read = load_bundle(partial)
        if not _is_same(read, bundle, vectors):
            raise DirectionsError(f"{out} was read with other numbers than written: try again")
        return read.card


def _is_same(read: Bundle, source: Bundle, vectors: Tensor) -> bool:
    weights, others = source.generator.state_dict(), read.generator.state_dict()
    is_found = read.directions is not None and torch.equal(read.directions.vectors, vectors)
    return is_found and all(torch.equal(weights[name], others[name]) for name in weights)


def _named(name: str, title: str, shares: Sequence[float]) -> list[Direction]:
    return [Direction(f"{name}-{n}", title, share) for n, share in enumerate(shares, start=1)]


def _seed(text: str) -> int:
    try:
        return parse_seed(text)
    except ValueError as error:
        raise DirectionsError(f"--seed: {error}") from error
