"""`python -m training generate`: pictures of seeds and points, without the service.

Owns the arguments, the names of the files, and that none is overwritten without `--replace`.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.bundle import load_bundle
from models.card import model_name_of
from models.families.table import offer_of
from models.picture import Pixels, ValueRange
from models.plain_number import whole_number
from models.resolution import resolution_of
from training.commands.generate_options import (
    GenerateError,
    add_place_arguments,
    add_style_arguments,
    label_number,
    ordered_edits,
    positive,
    require_classes_of_points,
    require_psi_in_range,
    require_style_choices,
)
from training.device import add_machine_arguments, device_of, use_threads
from training.generation import LatentPoint, Sampler, Seed
from training.picture_files import (
    PICTURE_FORMATS,
    WALK_FORMATS,
    SavePicture,
    saver_of,
    write_whole,
)
from training.progress_bar import progress_bar
from training.projection.point_file import read_point
from training.rendering import grid_of
from training.run_folder.checkpoint import CHECKPOINTS, checkpoint_at
from training.run_folder.data_origin import read_origin
from training.run_folder.loaded import NEWEST, add_checkpoint_argument, load_run
from training.run_folder.psi_statistics import with_kept_truncation

MAX_GRID = 4096  # pictures
MAX_FRAMES = 10_000
GRID_TILE = 64  # pixels; smaller pictures are enlarged in a grid


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `generate`."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--run", type=Path, help="the folder of a run, finished or not")
    source.add_argument("--bundle", type=Path, help="the folder of a bundle")
    add_checkpoint_argument(parser)
    add_place_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, help="the folder for the files")
    parser.add_argument(
        "--resolution", type=whole_number, help="of the pictures (default: the largest)"
    )
    parser.add_argument("--label", help="name or number of a class (default: each seed's own)")
    add_style_arguments(parser)
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--grid", action="store_true", help="one sheet with all pictures")
    kind.add_argument("--walk", action="store_true", help="one film from each seed to the next")
    parser.add_argument(
        "--format",
        choices=sorted({*PICTURE_FORMATS, *WALK_FORMATS}),
        help="png (default), webp, jpeg; of a walk gif (default), webp, mp4",
    )
    parser.add_argument("--steps", type=positive, default=24, help="frames from seed to seed")
    parser.add_argument("--fps", type=positive, default=24, help="frames a second of a walk")
    parser.add_argument("--replace", action="store_true", help="overwrite files that are there")
    add_machine_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Run the `generate` command."""
    device = device_of(options.device)
    use_threads(options.threads)
    formats = WALK_FORMATS if options.walk else PICTURE_FORMATS
    file_format: str = options.format or next(iter(formats))
    count = len(options.seeds) + len(options.point)
    if file_format not in formats:
        kind = "a walk" if options.walk else "pictures"
        raise GenerateError(f"--format {file_format}: {kind} can be {', '.join(formats)}")
    if not count:
        raise GenerateError("nothing to generate: name --seeds, or the --point of a bundle")
    if options.grid and count > MAX_GRID:
        raise GenerateError(f"--grid takes at most {MAX_GRID:,} seeds, not {count:,}")
    if options.walk and not 1 < count <= MAX_FRAMES // options.steps:
        raise GenerateError(
            f"--walk needs two seeds or more, and at most {MAX_FRAMES:,} frames in all"
        )
    paths = file_paths(options, file_format)
    check_paths(paths, replace=options.replace)
    sampler, value_range, points = open_sampler(options)
    places = [*(seed.number for seed in options.seeds), *points]
    sampler.generator.to(device)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.walk:
        frames = render_walk(sampler, places, options.steps)
        write_whole(paths[0], lambda path: WALK_FORMATS[file_format](path, frames, options.fps))
    elif options.grid:
        sheet, save = grid(render_all(sampler, places)), saver_of(file_format, value_range)
        write_whole(paths[0], lambda path: save(path, sheet))
    else:
        write_pictures(sampler, places, paths, saver_of(file_format, value_range))
    shown = f"{len(paths):,} files, " if len(paths) > 1 else ""
    print(f"{options.out}: {shown}{paths[0].name}{' and so on' if len(paths) > 1 else ''}")
    return 0


def open_sampler(
    options: argparse.Namespace,
) -> tuple[Sampler, ValueRange | None, list[LatentPoint]]:
    """Load the generator of `--run` or `--bundle`, at `--resolution` and with `--label`.

    Returns:
        The generator, the value range of its pictures if they have 16 bits, and the points.

    Raises:
        GenerateError: it has no such resolution, class or style, or an option does not apply.
        BundleError, PointError: the bundle cannot be read, or a point is of another model.
        CheckpointError: the run has no such checkpoint, or has not finished that resolution.
    """
    points, directions = list[LatentPoint](), None
    if options.run:
        if options.point:
            raise GenerateError("--point belongs to a bundle: export the run, and name --bundle")
        loaded = load_run(options.run, options.checkpoint)
        resolution = resolution_of(loaded.level_at(options.resolution))
        generator, origin = loaded.state.average.eval(), read_origin(options.run)
        if options.psi is not None:
            require_psi_in_range(generator.config, options.psi)  # before statistics take minutes
            record = checkpoint_at(options.run / CHECKPOINTS, loaded.progress.images_shown)
            generator = with_kept_truncation(generator, record)
        labels: Sequence[str] = origin.labels
        depth, value_range = origin.bit_depth, origin.value_range
    else:
        if options.checkpoint != NEWEST:
            raise GenerateError("--checkpoint chooses one of a run: leave it out with --bundle")
        bundle = load_bundle(options.bundle)
        generator, labels = bundle.generator, bundle.card.labels
        depth, value_range = bundle.card.bit_depth, bundle.card.value_range
        resolution = options.resolution or generator.config.resolution
        if resolution not in bundle.card.resolutions:
            known = ", ".join(map(str, bundle.card.resolutions))
            raise GenerateError(f"--resolution {resolution}: the model has {known}")
        points = [read_point(path, bundle.card) for path in options.point]
        directions = bundle.directions
    if offer_of(generator.config).translates:
        raise GenerateError(
            "this model has no pictures of seeds, it translates pictures: export and serve it, and "
            "send them to POST /translate (docs/translation.md)"
        )
    label = label_number(options.label, labels[: generator.config.classes])
    require_classes_of_points(generator.config, label, points)
    require_style_choices(generator.config, options.psi, options.mix)
    psi, edits = options.psi, ordered_edits(options.edit, directions)
    chosen = (1.0 if psi is None else psi, options.mix, directions, edits)
    return Sampler(generator, resolution, label, depth, *chosen), value_range, points


def file_paths(options: argparse.Namespace, file_format: str) -> list[Path]:
    """Paths of the files to write: one for each seed and point, a grid, or a walk.

    Raises:
        GenerateError: the file of a point would be that of a seed or of another point.
    """
    ending, out = "jpg" if file_format == "jpeg" else file_format, options.out
    if options.grid or options.walk:
        return [out / f"{'grid' if options.grid else 'walk'}.{ending}"]
    stems = [file_stem(seed) for seed in options.seeds]
    for point in options.point:
        if point.stem in stems:
            raise GenerateError(f"--point {point}: two files would be {point.stem}.{ending}")
        stems.append(point.stem)
    return [out / f"{stem}.{ending}" for stem in stems]


def file_stem(seed: Seed) -> str:
    """File name of a seed: its number; for a text, a readable form of the text before it."""
    number = str(seed.number)
    return number if seed.text.isdecimal() else f"{model_name_of(seed.text)}-{number}"


def check_paths(paths: Sequence[Path], *, replace: bool) -> None:
    """Check before any work that no file is overwritten.

    Raises:
        GenerateError: a file exists already.
    """
    there = [path for path in paths if path.exists()]
    if there and not replace:
        raise GenerateError(
            f"{there[0]} is there already ({len(there):,} of {len(paths):,} files): choose another "
            "--out, or add --replace"
        )


def write_pictures(
    sampler: Sampler,
    places: Sequence[int | LatentPoint],
    paths: Sequence[Path],
    save: SavePicture,
) -> None:
    """Write one file for each seed and point, each atomically."""
    with progress_bar("generating", "pictures") as on_progress:
        for done, (place, path) in enumerate(zip(places, paths, strict=True), 1):
            picture = sampler.picture(place)
            write_whole(path, lambda path, p=picture: save(path, p))
            on_progress(done, len(places))


def render_all(sampler: Sampler, places: Sequence[int | LatentPoint]) -> Pixels:
    """Render all pictures, `[N, H, W, C]`."""
    pictures: list[Pixels] = []
    with progress_bar("generating", "pictures") as on_progress:
        for place in places:
            pictures.append(sampler.picture(place))
            on_progress(len(pictures), len(places))
    return np.stack(pictures)


def render_walk(sampler: Sampler, places: Sequence[int | LatentPoint], steps: int) -> list[Pixels]:
    """Render all frames of a walk."""
    frames: list[Pixels] = []
    with progress_bar("generating", "frames") as on_progress:
        for frame in sampler.walk(places, steps):
            frames.append(frame)
            on_progress(len(frames), (len(places) - 1) * steps + 1)
    return frames


def grid(pictures: Pixels) -> Pixels:
    """Arrange pictures in a grid with about as many columns as rows; unused tiles are white.

    The bit depth stays.
    """
    columns = math.ceil(math.sqrt(len(pictures)))
    empty = -len(pictures) % columns
    white = np.iinfo(pictures.dtype).max
    filled = np.pad(pictures, ((0, empty), (0, 0), (0, 0), (0, 0)), constant_values=white)
    sheet = np.asarray(grid_of(filled, columns, GRID_TILE))
    return sheet[..., None] if sheet.ndim == 2 else sheet
