"""The `evaluate` command: how good the averaged generator of a run is, against real pictures.

Owns the order in which things are measured, their defaults, and what the report says of them. The
metrics live beside it. Pictures lie in scratch files of the run folder while it works.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from training.data.stream import Prepared, open_prepared
from training.quality.classes import labels_like
from training.quality.feature_metrics import measure_features
from training.quality.fid import CUSTOMARY_PICTURES, INCEPTION_FILE, load_inception, measure_fid
from training.quality.memorization import measure_memorization
from training.quality.networks.efficientnet import (
    NETWORK,
    efficientnet_features,
    input_size_of,
    load_network,
    weights_path,
)
from training.quality.pictures import PictureSet, choose_real, draw_generated
from training.quality.report import (
    QUALITY_FILE,
    QUALITY_FORMAT,
    Metric,
    QualityReport,
    metric_entry,
    table_of,
    write_report,
    write_whole,
)
from training.quality.ssim import similarity_within
from training.quality.swd import SWD_METHOD, sliced_wasserstein
from training.run.data_origin import read_origin
from training.run.loaded import NEWEST, LoadedRun, add_checkpoint_argument, load_run

NEIGHBOURS_FILE = "neighbours.png"
EVALUATION_FIRST_SEED = (
    3_000_000  # far from the golden seeds and from those that exits are fitted on
)
FEWEST_EVALUATED = 10  # pictures
REMEDY = "give the --data it was trained on"

Say = Callable[[str], None]


class EvaluationError(ValueError):
    """Pictures and run that cannot be measured against each other."""


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        images: pictures of each set for SWD, fewer if the data has fewer; 16,384 in the paper.
        feature_images: the first of these, for everything that looks through the feature network,
            which sees at most as many again of all training pictures for each set: likely copies.
        pairs: for MS-SSIM; 10,000 in the paper.
        seed: of every random choice.
        inception: the weights that FID is defined by; without them there is no FID.
    """

    images: int = 16_384
    feature_images: int = 5_000
    pairs: int = 10_000
    seed: int = 0
    inception: Path | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `evaluate` understands, but for the machine."""
    effort = Effort()
    parser.add_argument("--run", type=Path, required=True, help="the folder of the run")
    parser.add_argument("--data", type=Path, required=True, help="a folder that prepare wrote")
    parser.add_argument("--out", type=Path, help=f"the report; {QUALITY_FILE} of the run")
    add_checkpoint_argument(parser)
    for name, default, told in (
        ("--images", effort.images, "pictures of each set"),
        ("--feature-images", effort.feature_images, "those of them shown to the feature network"),
        ("--pairs", effort.pairs, "pairs for MS-SSIM"),
    ):
        parser.add_argument(name, type=picture_count, default=default, help=f"{told}; {default:,}")
    parser.add_argument(
        "--seed", type=random_seed, default=effort.seed, help="of every random choice"
    )
    told = f"measure FID too, with these weights: {INCEPTION_FILE}"
    parser.add_argument("--inception", type=Path, metavar="FILE", help=told)


def picture_count(text: str) -> int:
    """The value of an option that counts."""
    if not text.isdecimal() or int(text) < FEWEST_EVALUATED:
        raise argparse.ArgumentTypeError(
            f"a whole number from {FEWEST_EVALUATED} is needed, not {text!r}"
        )
    return int(text)


def random_seed(text: str) -> int:
    """The value of `--seed`."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a whole number from 0 is needed, not {text!r}")
    return int(text)


def run(options: argparse.Namespace, device: torch.device) -> int:
    """The `evaluate` command."""
    effort = Effort(
        options.images, options.feature_images, options.pairs, options.seed, options.inception
    )
    out: Path = options.out or options.run / QUALITY_FILE
    report = evaluate_run(
        options.run, open_prepared(options.data), out, effort, device, print, options.checkpoint
    )
    print(table_of(report))
    print(f"written: {out} and {out.with_name(NEIGHBOURS_FILE)}")
    return 0


def evaluate_run(
    run_folder: Path,
    prepared: Prepared,
    out: Path,
    effort: Effort,
    device: torch.device,
    say: Say,
    checkpoint: str = NEWEST,
) -> QualityReport:
    """Measure a checkpoint of a run and write the report to `out`.

    The same settings on the same machine give the same report, but for the wall time.

    Raises:
        EvaluationError: too few pictures, or of another shape or other channels than the network
            draws.
        DataError: the data lacks the resolution at which the run stands, or its classes.
        CheckpointError: no checkpoint is whole.
        WeightsError: the weights of a feature network are not the published ones.
        OSError: the disk is full; an older report stays.
    """
    began = time.monotonic()
    network = load_network(weights_path(), device)
    inception = load_inception(effort.inception, device) if effort.inception else None
    newest = load_run(run_folder, checkpoint)
    real = real_pictures(newest, prepared, effort)
    out.parent.mkdir(parents=True, exist_ok=True)
    growth = newest.schedule.growth
    seeds = range(EVALUATION_FIRST_SEED, EVALUATION_FIRST_SEED + len(real))
    say(f"drawing {len(real):,} pictures of {growth.resolution} px")
    labels = labels_like(real, prepared, newest.config, read_origin(run_folder))
    generated = draw_generated(newest.state.average.to(device), growth, seeds, out.parent, labels)
    metrics = measure_pictures(real, generated, out.parent, effort, say)
    real, generated = (each.first(effort.feature_images) for each in (real, generated))
    say(f"looking at 2 x {len(real):,} pictures")
    look = partial(efficientnet_features, network=network)
    features = look(real), look(generated)
    say("comparing what was seen")
    seen = f"{NETWORK} features at {input_size_of(real.shorter)} px"
    metrics |= measure_features(features, effort.seed, seen)
    say(f"searching all {prepared.count:,} training pictures for those most alike")
    sets = real, generated
    memory = measure_memorization(sets, features, look, prepared, growth.resolution, seen)
    metrics["neighbour_ratio"] = memory.ratio
    if inception:
        say(
            f"FID of {len(real):,} pictures ({CUSTOMARY_PICTURES:,} are usual, "
            "fewer bias it upwards)"
        )
        metrics["fid"] = measure_fid(real, generated, inception)
    report = describe_circumstances(newest, run_folder, prepared, effort, len(seeds))
    report |= {"device": str(device), "metrics": metrics}
    report["wall_seconds"] = round(time.monotonic() - began, 1)
    write_whole(out.with_name(NEIGHBOURS_FILE), memory.sheet)
    write_report(out, report)
    return report


def real_pictures(newest: LoadedRun, prepared: Prepared, effort: Effort) -> PictureSet:
    """Pictures of the data at the resolution where the run stands, drawn at random.

    Raises:
        EvaluationError: too few, or of another shape or other channels than the network draws.
        DataError: the data lacks this resolution.
    """
    network = newest.config.network
    if prepared.channels != network.channels:
        raise EvaluationError(
            f"the pictures of {prepared.folder} have {prepared.channels} channels, those of the "
            f"run have {network.channels}: {REMEDY}"
        )
    if prepared.manifest.base != network.base:
        of_data, of_run = (f"{h}x{w}" for h, w in (prepared.manifest.base, network.base))
        raise EvaluationError(
            f"the pictures of {prepared.folder} have the shape {of_data} (height x width), those "
            f"of the run have {of_run}: {REMEDY}"
        )
    if prepared.count < FEWEST_EVALUATED:
        raise EvaluationError(
            f"{prepared.folder} has {prepared.count} pictures: at least {FEWEST_EVALUATED} are "
            "needed"
        )
    return choose_real(
        prepared.images(newest.schedule.growth.resolution), effort.images, effort.seed
    )


def measure_pictures(
    real: PictureSet, generated: PictureSet, scratch: Path, effort: Effort, say: Say
) -> dict[str, Metric]:
    """The metrics that need no feature network."""
    say("sliced Wasserstein distance")
    swd = sliced_wasserstein(real, generated, scratch, effort.seed)
    say("MS-SSIM")
    drawn, given = (similarity_within(p, effort.pairs, effort.seed) for p in (generated, real))
    return {
        "swd": metric_entry(swd.mean, SWD_METHOD, per_level=swd.per_level, images=swd.pictures),
        "ms_ssim": metric_entry(drawn.mean, drawn.how, real_pictures=given.mean, pairs=drawn.pairs),
    }


def describe_circumstances(
    newest: LoadedRun, run_folder: Path, prepared: Prepared, effort: Effort, drawn: int
) -> QualityReport:
    """The circumstances of a report."""
    growth = newest.schedule.growth
    return {
        "format_version": QUALITY_FORMAT,
        "preset": newest.config.preset,
        "images_shown": newest.progress.images_shown,
        "resolution": growth.resolution,
        "alpha": growth.alpha,
        "generated": {"images": drawn, "first_seed": EVALUATION_FIRST_SEED},
        "data": {
            "name": prepared.manifest.source.name,
            "pictures": prepared.count,
            "sha256": prepared.digest,
            "trained_on": read_origin(run_folder).digest == prepared.digest,
        },
        "seed": effort.seed,
        "torch": torch.__version__,
    }
