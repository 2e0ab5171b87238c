"""`python -m training benchmark parts`: networks beside real data, judged by a reader of parts.

Owns the command line, and the pictures of each network. The reader is trained once and kept in the
prepared folder.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from models.bundle import load_bundle
from models.family import ImageGenerator
from models.growth import Growth
from models.plain_number import whole_number
from models.resolution import level_of, resolution_of
from training.benchmark.parts import (
    PARTS_FILE,
    PARTS_TABLE,
    PartsJudge,
    PartsRow,
    judge_of,
    rows_of_data,
    write_rows,
)
from training.commands.evaluate import (
    EVALUATION_FIRST_SEED,
    EvaluationError,
    picture_count,
    random_seed,
)
from training.data.stream import Prepared, open_prepared
from training.progress_bar import progress_bar
from training.quality.parts.keeping import open_reader
from training.quality.parts.score import SCORED_PICTURES
from training.quality.pictures import draw_generated
from training.run_folder.loaded import add_checkpoint_argument, load_run


@dataclass(frozen=True)
class Judged:
    """A network to be judged, at one resolution."""

    name: str
    generator: ImageGenerator
    resolution: int
    images_shown: int | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `benchmark parts`, without threads."""
    parser.description = (
        "How many parts of its pictures does a network get right? Ends with a table: real data, "
        "destroyed data, then each network; also written to --out, as text and JSON."
    )
    parser.add_argument("--data", type=Path, required=True, help="a folder that prepare wrote")
    parser.add_argument(
        "--run", type=Path, action="append", default=[], help="the folder of a run; may be repeated"
    )
    parser.add_argument(
        "--bundle", type=Path, action="append", default=[], help="of a bundle; may be repeated"
    )
    parser.add_argument(
        "--resolution",
        type=whole_number,
        action="append",
        help="of the networks' pictures; may be repeated (default: the largest of each)",
    )
    add_checkpoint_argument(parser)
    parser.add_argument("--out", type=Path, required=True, help="the folder for the table")
    told = f"of each row, fewer if less are held out (default: {SCORED_PICTURES:,})"
    parser.add_argument("--pictures", type=picture_count, default=SCORED_PICTURES, help=told)
    parser.add_argument("--seed", type=random_seed, default=0, help="of KID's subsets (default: 0)")


def run(options: argparse.Namespace) -> int:
    """Judge all networks, write the table and print it.

    Raises:
        EvaluationError: a network lacks a resolution, or its pictures are of another shape.
        DataError: the parts of the data are unknown.
        BundleError, CheckpointError: a network cannot be read.
    """
    prepared = open_prepared(options.data)
    networks = [
        network
        for resolution in options.resolution or [None]
        for network in (
            *(network_of_run(run, options.checkpoint, resolution) for run in options.run),
            *(network_of_bundle(bundle, resolution) for bundle in options.bundle),
        )
    ]
    for network in networks:
        require_like(network, prepared)
    smallest = min([prepared.manifest.resolution, *(n.resolution for n in networks)])
    reader = open_reader(prepared, smallest)
    with progress_bar("reading real and destroyed pictures", "rows") as on_progress:
        judge = judge_of(prepared, reader, options.pictures, options.seed)
        rows = rows_of_data(judge, on_progress)
    options.out.mkdir(parents=True, exist_ok=True)
    rows += [row_of(network, judge, options.out) for network in networks]
    sys.stdout.write(write_rows(options.out, judge, rows) + "\n")
    sys.stdout.write(f"written: {options.out / PARTS_TABLE} and {options.out / PARTS_FILE}\n")
    return 0


def network_of_run(folder: Path, checkpoint: str, resolution: int | None) -> Judged:
    """The averaged generator of a run, at a finished resolution; by default the highest."""
    loaded = load_run(folder, checkpoint)
    level = loaded.level_at(resolution)
    generator = loaded.state.average.eval().requires_grad_(False)
    name = folder.resolve().name
    return Judged(name, generator, resolution_of(level), loaded.progress.images_shown)


def network_of_bundle(folder: Path, resolution: int | None) -> Judged:
    """The generator of a bundle, at one of its resolutions; by default the highest.

    Raises:
        EvaluationError: it does not have that resolution.
    """
    bundle = load_bundle(folder)
    chosen = resolution or bundle.generator.config.resolution
    if chosen not in bundle.card.resolutions:
        known = ", ".join(map(str, bundle.card.resolutions))
        raise EvaluationError(f"--resolution {chosen}: {bundle.card.name} has {known}")
    shown = bundle.card.training.get("images_shown")
    return Judged(
        bundle.card.name, bundle.generator, chosen, shown if isinstance(shown, int) else None
    )


def require_like(network: Judged, prepared: Prepared) -> None:
    """Check that pictures of a network have the shape and channels of the data.

    Raises:
        EvaluationError: they have not.
    """
    config, manifest = network.generator.config, prepared.manifest
    if (config.channels, config.base) != (manifest.channels, manifest.base):
        raise EvaluationError(
            f"pictures of {network.name} have {config.channels} channels and the shape "
            f"{config.base}, those of {prepared.folder} {manifest.channels} and {manifest.base}: "
            "give the data that it was trained on"
        )


def row_of(network: Judged, judge: PartsJudge, scratch: Path) -> PartsRow:
    """Draw pictures of a network, each seed of its own class, and judge them."""
    count, resolution = len(judge.reference.values), network.resolution
    seeds = range(EVALUATION_FIRST_SEED, EVALUATION_FIRST_SEED + count)
    growth = Growth(level_of(resolution))
    with progress_bar(f"drawing {network.name}, {resolution} px", "batches") as on_progress:
        drawn = draw_generated(network.generator, growth, seeds, scratch, on_progress=on_progress)
    return judge.row(network.name, drawn, resolution, network.images_shown)
