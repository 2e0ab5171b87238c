"""From a checkpoint of a run to a bundle that is proved before it appears.

Owns the `export` command: averaged generator, fitted exits, card, preview, and the comparison of
what was written with what was meant. Quality is what `evaluate` wrote, or nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch
from pydantic import JsonValue
from safetensors import SafetensorError

from models.bundle import load_bundle, load_card, save_bundle
from models.card import NAME_PATTERN, Card, Data
from models.families.progan.generator import Generator
from models.families.progan.growth import Growth
from models.layout import CARD_FILE
from training.atomic_folder import atomic_folder
from training.config.config import TrainingConfig
from training.exits.fitting import STEPS, FittedExit, fit_exits, with_exits
from training.exits.reuse import reuse_exits
from training.progress_bar import progress_bar
from training.quality.report import missing_quality, quality_for_card
from training.run.checkpoint import Progress
from training.run.commit import commit_of
from training.run.data_origin import Origin, read_origin
from training.run.golden import golden_at, golden_of, preview_of
from training.run.loaded import NEWEST, LoadedRun, add_checkpoint_argument, load_run


class ExportError(ValueError):
    """A run that cannot be exported, or a bundle that failed its proof."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `export` understands."""
    parser.add_argument("--run", type=Path, required=True, help="the folder of the run")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the new bundle")
    parser.add_argument("--name", help="how clients call the model; that of --out unless told")
    parser.add_argument("--title", help="for people; the name unless told")
    parser.add_argument("--description", help="one or two sentences for the card")
    add_checkpoint_argument(parser)
    parser.add_argument("--replace", action="store_true", help="take the place of an old bundle")
    parser.add_argument(
        "--exit-steps",
        type=int,
        default=STEPS,
        metavar="N",
        help="how long the exits below the top learn to show the finished picture; 0 is quick and "
        "coarse, more is slower and finer (default: %(default)s)",
    )
    parser.add_argument(
        "--keep-exits",
        action="store_true",
        help="with --replace: fit nothing, take the exits of the bundle that is replaced, which "
        "must be of the same checkpoint; name, title and description stay, too, unless told",
    )


def run(options: argparse.Namespace) -> int:
    """The `export` command."""
    old = load_card(options.out) if options.keep_exits else None
    name = options.name or (old.name if old else options.out.name)
    title, description = (old.title, old.description) if old else (name, "")
    card = export_run(
        options.run,
        options.out,
        name=name,
        title=options.title or title,
        description=description if options.description is None else options.description,
        replace=options.replace,
        checkpoint=options.checkpoint,
        exit_steps=options.exit_steps,
        keep=options.keep_exits,
    )
    for exit_ in card.exits:
        kept = "finished picture" if exit_.psnr_db is None else f"{exit_.psnr_db:.1f} dB"
        cost = f"{exit_.share_of_path:.1%} of the path" if exit_.share_of_path is not None else ""
        print(f"{exit_.resolution:5d} px  {kept:16}  {cost:17}  exit {exit_.shape}")
    print(f"{options.out}: {card.pinned_name}, proved")
    images_shown = card.training["images_shown"]
    if isinstance(images_shown, int) and (reason := missing_quality(options.run, images_shown)):
        print(reason)
    print(f"serve it: PROGAN_BUNDLES={options.out.parent} python -m service")
    return 0


def export_run(  # noqa: PLR0913 - what a person chooses, each by its name
    run_folder: Path,
    out: Path,
    *,
    name: str,
    title: str,
    description: str,
    replace: bool,
    checkpoint: str = NEWEST,
    exit_steps: int = STEPS,
    keep: bool = False,
) -> Card:
    """Make a bundle of a checkpoint, as `load_run` names it; its card, as it was read back.

    With `keep`, exits are those of the bundle that is replaced, whatever `exit_steps` says.

    Raises:
        ExportError: no finished level to export, `out` is taken, or the proof failed; `out` is as
            it was before.
        ExitError: the exits show nothing of the finished picture, cannot be fitted, or belong to
            other weights.
        BundleError: exits are to be kept, and the bundle that has them cannot be read.
        CheckpointError: there is no run or checkpoint, or none is whole.
        ConfigError: the configuration of the run cannot be read.
        OSError: the disk is full; `out` is as it was before.
    """
    check_destination(out, name, replace)
    newest = load_run(run_folder, checkpoint)
    require_trained(run_folder, newest)
    config, progress, average = newest.config, newest.progress, newest.state.average
    exits, steps_taken = exits_for(average, config.seed, exit_steps, out if keep else None)
    generator = with_exits(average, exits)
    origin = read_origin(run_folder)
    card = Card(
        name=name,
        title=title,
        description=description,
        licence=origin.licence or "not stated",
        network=config.network,
        exits=tuple(exit_.card_entry for exit_ in exits),
        data=Data(origin.name, origin.licence, origin.attribution, origin.images),
        weights_sha256="",
        golden=golden_of(generator),
        labels=origin.labels if config.network.classes else (),
        training=describe_training(config, progress, origin) | {"exit_steps": steps_taken},
        quality=quality_for_card(run_folder, progress.images_shown),
    )
    try:
        with atomic_folder(out, replace=replace, public=True) as partial:
            save_bundle(partial, generator, card, preview_of(generator))
            return prove(partial, generator)
    except SafetensorError as error:
        raise OSError(f"{out} cannot be written: {error}") from error


def exits_for(
    average: Generator, seed: int, steps: int, kept_in: Path | None
) -> tuple[list[FittedExit], JsonValue]:
    """Exits that are fitted, or those of the bundle in `kept_in`; the steps that were taken."""
    if kept_in:
        exits, card = reuse_exits(kept_in, average)
        return exits, card.training.get("exit_steps")
    with progress_bar("fitting exits", "steps") as on_progress:
        return fit_exits(average, seed, steps, on_progress), steps


def check_destination(out: Path, name: str, replace: bool) -> None:
    """Refuse a name or a place that cannot be, before any work.

    Raises:
        ExportError: the name is no model name, or `out` holds what must not be replaced.
    """
    if not NAME_PATTERN.fullmatch(name):
        raise ExportError(
            f"model name {name!r}: give --name 1 to 64 lower-case letters, digits, '.', '_' or "
            "'-', beginning with a letter or digit"
        )
    if out.exists() and not replace:
        raise ExportError(f"{out} is there already: choose another --out, or add --replace")
    if out.exists() and not (out / CARD_FILE).is_file():
        raise ExportError(f"{out} is no bundle, so nothing replaces it: choose another --out")


def require_trained(run_folder: Path, newest: LoadedRun) -> None:
    """Refuse a run whose top level is not wholly awake.

    Raises:
        ExportError: it sleeps, or fades in.
    """
    growth, network = newest.schedule.growth, newest.config.network
    if growth != Growth(network.top_level):
        raise ExportError(
            f"{run_folder} stands at {growth.resolution} px, alpha {growth.alpha:.2f}: its top "
            f"level of {network.resolution} px must have faded in. Repeat the train command to "
            "go on"
        )


def prove(folder: Path, generator: Generator) -> Card:
    """Load what was written and render its golden seeds again.

    Raises:
        ExportError: a picture differs from the one that was meant.
        BundleError: the bundle does not load.
    """
    bundle = load_bundle(folder)
    for golden in bundle.card.golden:
        for source in (generator, bundle.generator):
            if golden_at(source, golden.seed, golden.resolution) != golden:
                raise ExportError(
                    f"the bundle gives another picture for seed {golden.seed} at "
                    f"{golden.resolution} px than the run: nothing was written"
                )
    return bundle.card


def describe_training(config: TrainingConfig, progress: Progress, origin: Origin) -> dict[str, Any]:
    """How the weights came about, for the card."""
    return {
        "preset": config.preset,
        "objective": config.objective,
        "labels": config.labels,
        "precision": config.precision,
        "init_from": config.init_from,
        "images_shown": progress.images_shown,
        "training_seconds": round(progress.seconds),
        "seed": config.seed,
        "data_sha256": origin.digest,
        "commit": commit_of(Path(__file__).parent),
        "torch": torch.__version__,
        "exit_fidelity": "PSNR against the box-downsampled finished picture, 128 held-out seeds",
    }
