"""`python -m training project`: a picture -> the nearest point of a bundle's generator.

Owns the arguments, the reading of the picture, and the files: the point, and the picture beside
that of the point.
"""

from __future__ import annotations

import argparse
import math
from contextlib import nullcontext
from pathlib import Path
from shlex import quote
from typing import Final

import numpy as np
import torch

from models.bundle import Bundle, load_bundle
from models.families.table import offer_of
from models.latent import parse_seed
from models.layout import file_sha256
from models.picture import Pixels
from models.pixels import from_pixels
from models.plain_number import whole_number
from training.commands.generate_options import GenerateError, label_number
from training.data.decode import FileDecoder
from training.data.depth import STATE_RANGE
from training.data.shape import Shape, UnfitPictureError
from training.device import add_machine_arguments, device_of, use_threads
from training.generation import Sampler
from training.interpreter import python_command
from training.picture_files import save_png, write_whole
from training.progress_bar import progress_bar
from training.projection.candidates import is_styled
from training.projection.point_file import POINT_ENDING, PointFacts, write_point
from training.projection.search import Projection, SearchEffort, project
from training.quality.features import load_efficientnet, weights_path

MOST_PROJECTION_STEPS: Final = 100_000
MOST_CANDIDATES: Final = 100_000
MOST_STARTS: Final = 1_000
GAP: Final = 8  # white pixels between both pictures


class ProjectError(ValueError):
    """A picture or a bundle that cannot be used, or options that do not fit."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `project`."""
    usual = SearchEffort()
    parser.add_argument("--bundle", type=Path, required=True, help="the folder of the bundle")
    parser.add_argument(
        "--image", type=Path, required=True, help="the picture; its middle is taken"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"of the point, which ends in {POINT_ENDING} (default: named as the picture, in the "
        "working directory); both pictures are written beside it",
    )
    parser.add_argument(
        "--resolution",
        type=whole_number,
        help="at which to search (default: the largest of the model)",
    )
    parser.add_argument("--label", help="name or number of the class (default: the nearest one)")
    parser.add_argument("--seed", default="1", help="of the search (default: %(default)s)")
    for name, most, told in (
        ("candidates", MOST_CANDIDATES, "random seeds that are compared with the picture"),
        ("starts", MOST_STARTS, "of them, the nearest, from which a search begins"),
        (
            "steps",
            MOST_PROJECTION_STEPS,
            "of the search at full size; half as many of each start in a small view",
        ),
    ):
        default = getattr(usual, name)
        help_text = f"{told} (default: {default}, at most {most:,})"
        parser.add_argument(
            f"--{name}", type=whole_number, default=default, metavar="N", help=help_text
        )
    parser.add_argument(
        "--features",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="compare features of EfficientNet-Lite0, too, and not pixels alone",
    )
    parser.add_argument("--replace", action="store_true", help="overwrite files that are there")
    add_machine_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Run the `project` command."""
    device = device_of(options.device)
    use_threads(options.threads)
    effort, seed = effort_of(options), _seed(options.seed)
    image: Path = options.image
    out: Path = options.out or Path(f"{image.stem}{POINT_ENDING}")
    sheet = out.with_name(f"{out.stem}-projected.png")
    check_files(image, out, sheet, replace=options.replace)
    bundle = load_bundle(options.bundle)
    sampler = projecting_sampler(bundle, options.resolution, options.label)
    pixels = read_picture(image, bundle, sampler.resolution)
    sampler.generator.to(device)
    network = load_efficientnet(weights_path(), device) if options.features else None
    with progress_bar("projecting", "pictures") as on_progress:
        found = project(
            sampler,
            from_pixels(torch.from_numpy(pixels)[None]).to(device),
            bundle.card.resolutions,
            seed=seed,
            effort=effort,
            network=network,
            on_progress=on_progress,
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    write_point(out, found.point.vector, facts_of(found, bundle, sampler, seed, image))
    shown = side_by_side(pixels, sampler.picture(found.point))
    write_whole(sheet, lambda path: save_png(path, shown))
    print(f"{out}: {distance_text(found)}")
    print(f"{sheet}: the picture, and that of the point")
    command = f"{python_command()} -m training generate --bundle {quote(str(options.bundle))}"
    print(f"{command} --point {quote(str(out))} --out pictures")
    return 0


def effort_of(options: argparse.Namespace) -> SearchEffort:
    """Check the numbers of candidates, starts and steps.

    Raises:
        ProjectError: one is out of range.
    """
    for name, value, least, most in (
        ("candidates", options.candidates, 2, MOST_CANDIDATES),
        ("starts", options.starts, 1, min(options.candidates, MOST_STARTS)),
        ("steps", options.steps, 0, MOST_PROJECTION_STEPS),
    ):
        if not least <= value <= most:
            raise ProjectError(f"--{name} is {least:,} to {most:,}, not {value:,}")
    return SearchEffort(options.candidates, options.starts, options.steps)


def check_files(image: Path, out: Path, sheet: Path, *, replace: bool) -> None:
    """Check before any work that the picture is there, and that no file is overwritten.

    Raises:
        ProjectError: there is no picture, a file exists already, or has the wrong ending.
    """
    if not image.is_file():
        raise ProjectError(f"--image {image}: there is no such file")
    if out.suffix != POINT_ENDING:
        raise ProjectError(f"--out {out}: the file of a point ends in {POINT_ENDING}")
    for path in (out, sheet):
        if path.exists() and not replace:
            raise ProjectError(f"{path} is there already: choose another --out, or add --replace")


def projecting_sampler(bundle: Bundle, resolution: int | None, label: str | None) -> Sampler:
    """Check resolution and class, and choose the generator of a bundle at both.

    Raises:
        ProjectError: the model has no such resolution, class, or no latents.
    """
    card = bundle.card
    if offer_of(card.network).translates:
        raise ProjectError(
            f"{card.name} makes its pictures from pictures, not from latents: send the picture to "
            "POST /translate instead (docs/translation.md)"
        )
    chosen = card.network.resolution if resolution is None else resolution
    if chosen not in card.resolutions:
        known = ", ".join(map(str, card.resolutions))
        raise ProjectError(f"--resolution {chosen}: the model has {known}")
    try:
        return Sampler(bundle.generator, chosen, label_number(label, card.labels))
    except GenerateError as error:
        raise ProjectError(str(error)) from error


def read_picture(image: Path, bundle: Bundle, resolution: int) -> Pixels:
    """The middle of a picture in the shape of the model's, `[H, W, C]` of 8 bits.

    Raises:
        ProjectError: it is too small, or no picture.
    """
    network = bundle.card.network
    shape = Shape(resolution, network.channels, "crop", network.base)
    try:
        return FileDecoder(shape)(str(image), nullcontext()).pixels.copy()  # torch wants to own it
    except UnfitPictureError as error:
        smaller = [str(size) for size in bundle.card.resolutions if size < resolution]
        is_small = bool(smaller) and str(error).startswith("is too small")
        advice = f". --resolution {', '.join(smaller)} need less" if is_small else ""
        reason = str(error).replace(STATE_RANGE, ": save it with 8 bits")
        raise ProjectError(f"{image} {reason}{advice}") from error
    except Exception as error:  # a damaged file may raise anything
        raise ProjectError(f"{image} cannot be read as a picture: {error}") from error


def facts_of(
    found: Projection, bundle: Bundle, sampler: Sampler, seed: int, image: Path
) -> PointFacts:
    """Origin of a point, for its file."""
    card, number = bundle.card, found.point.label
    return PointFacts(
        model=card.name,
        weights_sha256=card.weights_sha256,
        space="style" if is_styled(sampler) else "latent",
        label=None if number is None else card.labels[number],
        resolution=sampler.resolution,
        loss=found.loss,
        pixel_error=found.pixel_error,
        feature_distance=found.feature_distance,
        seed=seed,
        picture_sha256=file_sha256(image),
    )


def side_by_side(picture: Pixels, result: Pixels) -> Pixels:
    """Both pictures `[H, W, C]` with white between them, `[H, 2 W + GAP, C]`."""
    height, _, channels = picture.shape
    gap = np.full((height, GAP, channels), 255, np.uint8)
    return np.concatenate([picture, gap, result], axis=1)


def distance_text(found: Projection) -> str:
    """The distances of a point, in words."""
    psnr = 10.0 * math.log10(4.0 / max(found.pixel_error, 1e-10))
    features = found.feature_distance
    more = "" if features is None else f", features {features:.4f} apart"
    return f"{psnr:.1f} dB from the picture{more}"


def _seed(text: str) -> int:
    try:
        return parse_seed(text)
    except ValueError as error:
        raise ProjectError(f"--seed: {error}") from error
