"""The `evaluate` command: metrics of the averaged generator of a run against real pictures.

Owns the command line, the selection of pictures, and the circumstances in the report. Metrics are
measured by `training.quality`. During the measurement, pictures are kept in scratch files in the
folder of the report.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from models.families.table import offer_of
from models.plain_number import is_digits
from training.atomic_folder import write_file
from training.config.config import TrainingConfig
from training.data.manifest import DataError
from training.data.stream import Prepared, open_prepared
from training.device import add_machine_arguments, device_of, use_threads
from training.progress_bar import OpenProgress, progress_bar
from training.quality.evaluation import (
    Effort,
    FeatureNetworks,
    measure_by_features,
    measure_pixels,
)
from training.quality.fid import INCEPTION_FILE
from training.quality.parts.entries import measure_parts
from training.quality.pictures import PictureSet, choose_real, draw_generated
from training.quality.report import (
    QUALITY_FILE,
    QUALITY_FORMAT,
    GeneratedPictures,
    Metric,
    QualityReport,
    RealPictures,
    table_of,
    write_report,
)
from training.quality.translation_evaluation import measure_directions, translated_set
from training.report.page import NEIGHBOURS_FILE
from training.run_folder.data_origin import Origin, read_origin
from training.run_folder.loaded import NEWEST, LoadedRun, add_checkpoint_argument, load_run

EVALUATION_FIRST_SEED = (
    3_000_000  # far from the golden seeds and from those that exits are fitted on
)
FEWEST_EVALUATED = 10  # pictures
REMEDY = "give the --data it was trained on"


class EvaluationError(ValueError):
    """Raised when the pictures cannot be compared with those of the run."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `evaluate`, without device and threads."""
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
    told = "do not read the parts of the pictures, which is done where those of the data are known"
    parser.add_argument("--no-parts", dest="parts", action="store_false", help=told)
    add_machine_arguments(parser)


def picture_count(text: str) -> int:
    """Parse the value of an option that is a number of pictures."""
    if not is_digits(text) or int(text) < FEWEST_EVALUATED:
        raise argparse.ArgumentTypeError(
            f"a whole number from {FEWEST_EVALUATED} is needed, not {text!r}"
        )
    return int(text)


def random_seed(text: str) -> int:
    """Parse the value of `--seed`."""
    if not is_digits(text):
        raise argparse.ArgumentTypeError(f"a whole number from 0 is needed, not {text!r}")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Run the `evaluate` command."""
    device = device_of(options.device)
    use_threads(options.threads)
    effort = Effort(
        options.images,
        options.feature_images,
        options.pairs,
        options.seed,
        options.inception,
        options.parts,
    )
    out: Path = options.out or options.run / QUALITY_FILE
    report = evaluate_run(
        options.run, open_prepared(options.data), out, effort, device, options.checkpoint
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
    checkpoint: str = NEWEST,
    open_progress: OpenProgress = progress_bar,
) -> QualityReport:
    """Measure a checkpoint of a run and write the report to `out`.

    The same settings on the same machine give the same report, except for the wall time.

    Raises:
        EvaluationError: too few pictures, or their shape or channels are not those of the network.
        DataError: the data lacks the current resolution of the run, or has other classes.
        CheckpointError: no checkpoint is complete.
        WeightsError: the weights of a feature network are not the published ones.
        OSError: the disk is full; an older report is kept.
    """
    began = time.monotonic()
    networks = FeatureNetworks.load(effort.inception, device)
    loaded = load_run(run_folder, checkpoint)
    real = real_pictures(loaded, prepared, effort)
    out.parent.mkdir(parents=True, exist_ok=True)
    growth = loaded.schedule.growth
    seeds = range(EVALUATION_FIRST_SEED, EVALUATION_FIRST_SEED + len(real))
    labels = labels_like(real, prepared, loaded.config, read_origin(run_folder))
    average = loaded.state.average.to(device)
    domains = labels if offer_of(loaded.config.network).translates else None
    with open_progress(f"drawing {len(real):,} pictures of {growth.resolution} px") as on_progress:
        if domains is not None:
            generated = translated_set(average, growth, prepared, domains, on_progress)
        else:
            generated = draw_generated(average, growth, seeds, out.parent, labels, on_progress)
    metrics = measure_pixels(real, generated, out.parent, effort, open_progress)
    sets = real.first(effort.feature_images), generated.first(effort.feature_images)
    of_features, sheet = measure_by_features(
        sets, prepared, growth.resolution, effort.seed, networks, open_progress
    )
    metrics |= of_features
    if domains is not None:
        names = prepared.manifest.label_names
        metrics |= measure_directions(
            sets, domains, names, effort.seed, networks.efficientnet, open_progress
        )
    elif effort.parts:
        metrics |= measure_parts(generated, prepared, growth.resolution, effort.seed, open_progress)
    report = report_of(loaded, run_folder, prepared, effort, metrics, str(device), began)
    write_file(out.with_name(NEIGHBOURS_FILE), sheet)
    write_report(out, report)
    return report


def real_pictures(loaded: LoadedRun, prepared: Prepared, effort: Effort) -> PictureSet:
    """Choose random pictures of the data, at the current resolution of the run.

    Raises:
        EvaluationError: too few pictures, or their shape or channels are not those of the network.
        DataError: the data lacks this resolution.
    """
    network = loaded.config.network
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
        prepared.images(loaded.schedule.growth.resolution), effort.images, effort.seed
    )


def labels_like(
    real: PictureSet, prepared: Prepared, config: TrainingConfig, origin: Origin
) -> list[int] | None:
    """Classes of the generated pictures: those of `real`, in order; None without classes.

    Raises:
        DataError: the data does not have the classes that the run was trained on.
    """
    if not config.network.classes:
        return None
    classes = prepared.labels()
    if classes is None or prepared.manifest.label_names != origin.labels:
        raise DataError(
            f"{prepared.folder} has other classes than the run, which knows "
            f"{', '.join(origin.labels)}: {REMEDY}, or prepare it in the same way"
        )
    return [int(label) for label in classes[real.numbers]]


def report_of(
    loaded: LoadedRun,
    run_folder: Path,
    prepared: Prepared,
    effort: Effort,
    metrics: dict[str, Metric],
    device: str,
    began: float,
) -> QualityReport:
    """Build the report: metrics and circumstances; `began` is a time of the monotonic clock."""
    growth, drawn = loaded.schedule.growth, min(effort.images, prepared.count)
    trained_on = read_origin(run_folder).digest == prepared.digest
    return QualityReport(
        format_version=QUALITY_FORMAT,
        preset=loaded.config.preset,
        images_shown=loaded.progress.images_shown,
        resolution=growth.resolution,
        alpha=growth.alpha,
        generated=GeneratedPictures(drawn, EVALUATION_FIRST_SEED),
        data=RealPictures(
            prepared.manifest.source.name, prepared.count, prepared.digest, trained_on
        ),
        seed=effort.seed,
        torch=torch.__version__,
        device=device,
        metrics=metrics,
        wall_seconds=round(time.monotonic() - began, 1),
    )
