"""`python -m training export`: a bundle of a checkpoint, verified before it is published.

Owns arguments and the order: averaged generator, exits, card, preview, comparison with the run.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from shlex import quote

import torch
from safetensors import SafetensorError

from models.bundle import load_bundle, load_card, save_bundle
from models.card import NAME_PATTERN, Card, model_name_of
from models.family import ImageGenerator
from models.layout import CARD_FILE
from models.plain_number import whole_number
from training.atomic_folder import atomic_folder
from training.commands.exported_card import card_of
from training.device import add_machine_arguments, device_of, use_threads
from training.exits.finishing import finish_generator
from training.exits.fitting import STEPS
from training.game.truncation import with_truncation
from training.interpreter import python_command
from training.progress_bar import progress_bar
from training.quality.report import missing_quality
from training.rendering import SAMPLES
from training.run_folder.bundled_discriminator import write_discriminator
from training.run_folder.golden import golden_at, preview_of
from training.run_folder.loaded import NEWEST, LoadedRun, add_checkpoint_argument, load_run

CPU = torch.device("cpu")


class ExportError(ValueError):
    """Raised when a run cannot be exported, or the verification of a bundle failed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `export`."""
    parser.add_argument("--run", type=Path, required=True, help="the folder of the run")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the new bundle")
    parser.add_argument(
        "--name", help="of the model, for clients (default: made of the name of --out)"
    )
    parser.add_argument("--title", help="for people (default: the name)")
    parser.add_argument("--description", help="one or two sentences for the card")
    add_checkpoint_argument(parser)
    parser.add_argument(
        "--resolution",
        type=whole_number,
        metavar="R",
        help="of the largest pictures (default: the highest that the run has finished)",
    )
    parser.add_argument(
        "--with-discriminator",
        action="store_true",
        help="put the discriminator into the bundle, too, so that `train --init-from` can go on "
        "from it; the service does not read it",
    )
    add_machine_arguments(parser)
    parser.add_argument("--replace", action="store_true", help="replace an older bundle")
    parser.add_argument(
        "--exit-steps",
        type=whole_number,
        default=STEPS,
        metavar="N",
        help="how long the exits below the top learn to show the finished picture; 0 is quick and "
        "coarse, more is slower and finer (default: %(default)s)",
    )
    parser.add_argument(
        "--keep-exits",
        action="store_true",
        help="with --replace: fit nothing, take the exits of the bundle that is replaced, which "
        "must be of the same checkpoint; its discriminator stays, and so do name, title and "
        "description unless told",
    )


def run(options: argparse.Namespace) -> int:
    """Run the `export` command."""
    device = device_of(options.device)
    use_threads(options.threads)
    if options.keep_exits and not options.out.exists():
        raise ExportError(f"{options.out} does not exist, so it has no exits: omit --keep-exits")
    old = load_card(options.out) if options.keep_exits else None
    had_discriminator = old is not None and old.discriminator_sha256 is not None
    name = options.name or (old.name if old else model_name_of(options.out.resolve().name))
    title, description = (old.title, old.description) if old else (name, "")
    card = export_run(
        options.run,
        options.out,
        name=name,
        title=options.title or title,
        description=description if options.description is None else options.description,
        replace=options.replace,
        checkpoint=options.checkpoint,
        resolution=options.resolution,
        device=device,
        exit_steps=options.exit_steps,
        keep=options.keep_exits,
        with_discriminator=options.with_discriminator or had_discriminator,
    )
    for exit_ in card.exits:
        fidelity = "finished picture" if exit_.psnr_db is None else f"{exit_.psnr_db:.1f} dB"
        cost = f"{exit_.share_of_path:.1%} of the path" if exit_.share_of_path is not None else ""
        print(f"{exit_.resolution:5d} px  {fidelity:16}  {cost:17}  exit {exit_.shape}")
    print(f"{options.out}: {card.pinned_name}, proved")
    shown = card.training["images_shown"]
    if isinstance(shown, int) and (reason := missing_quality(options.run, shown)):
        print(reason)
    if note := card.training.get("unfinished"):
        print(f"the run is unfinished: {note}")
    folder, python = quote(str(options.out.parent)), python_command()
    print(f"serve it: PROGAN_BUNDLES={folder} {python} -m service")
    return 0


def export_run(  # noqa: PLR0913 - options of the command, by keyword
    run_folder: Path,
    out: Path,
    *,
    name: str,
    title: str,
    description: str,
    replace: bool,
    checkpoint: str = NEWEST,
    resolution: int | None = None,
    device: torch.device = CPU,
    exit_steps: int = STEPS,
    keep: bool = False,
    with_discriminator: bool = False,
) -> Card:
    """Export a bundle of a checkpoint; returns the card as read from the written bundle.

    `resolution` is that of the largest pictures. Exits are fitted on `device` in `exit_steps`; with
    `keep`, those of the bundle that is replaced are used. The bundle gets the discriminator, too,
    on request.

    Raises:
        ExportError: `out` exists, the verification failed, or the discriminator is wanted of a run
            that has not finished its highest resolution; `out` is unchanged.
        ExitError: the exits are not faithful enough, cannot be fitted, or belong to other weights.
        BundleError: exits are to be kept, and the bundle that has them cannot be read.
        CheckpointError: there is no run or complete checkpoint, or `resolution` is not finished.
        ConfigError: the configuration of the run cannot be read.
        OSError: the disk is full; `out` is unchanged.
    """
    check_destination(out, name, replace)
    loaded = load_run(run_folder, checkpoint)
    if with_discriminator:
        require_whole(loaded, resolution)
    with progress_bar("statistics for truncated latents", "values of psi") as on_progress:
        average = with_truncation(loaded.network(resolution), on_progress)
    if not keep:
        average.to(device)
    older = out if keep else None
    finished = finish_generator(average, loaded.config.seed, exit_steps, older)
    card = card_of(run_folder, loaded, (name, title, description), finished)
    try:
        with atomic_folder(out, replace=replace, public=True) as partial:
            if with_discriminator:
                digest = write_discriminator(partial, loaded.state.discriminator)
                card = dataclasses.replace(card, discriminator_sha256=digest)
            save_bundle(
                partial,
                finished.generator,
                card,
                preview_of(finished.generator, run_folder / SAMPLES),
            )
            return prove(partial, finished.generator)
    except SafetensorError as error:
        raise OSError(f"{out} cannot be written: {error}") from error


def check_destination(out: Path, name: str, replace: bool) -> None:
    """Check name and destination before any work.

    Raises:
        ExportError: the name is not a model name, or `out` exists and must not be replaced.
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


def require_whole(loaded: LoadedRun, resolution: int | None) -> None:
    """Check that the exported generator is the whole one, which the discriminator belongs to.

    Raises:
        ExportError: it is a part of it.
    """
    network = loaded.config.network
    if loaded.level_at(resolution) != network.top_level:
        raise ExportError(
            f"--with-discriminator: the discriminator of this run judges pictures of "
            f"{network.resolution} px, and the bundle would draw smaller ones: train until "
            f"{network.resolution} px has faded in and leave --resolution out, or leave "
            "--with-discriminator out"
        )


def prove(folder: Path, generator: ImageGenerator) -> Card:
    """Load the written bundle, and render its golden seeds again with it and with `generator`.

    Raises:
        ExportError: a picture differs from the card.
        BundleError: the bundle cannot be loaded.
    """
    bundle = load_bundle(folder)
    for golden in bundle.card.golden:
        for source in (generator, bundle.generator):
            if golden_at(source, golden.seed, golden.resolution, bundle.card.bit_depth) != golden:
                raise ExportError(
                    f"the bundle gives another picture for seed {golden.seed} at "
                    f"{golden.resolution} px than the run: nothing was written"
                )
    return bundle.card
