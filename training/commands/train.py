"""`python -m training train`: the command line of training.

Owns the arguments, the checks before any work, and the final lines of output. Knows no details of
the training itself.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from models.card import model_name_of
from training.commands.few_pictures import hint_for_few
from training.config.config import ConfigError, TrainingConfig
from training.config.history import config_at
from training.config.overrides import apply_settings, overruled
from training.config.preset_file import preset_argument, preset_of
from training.config.presets import PRESETS
from training.data.manifest import MANIFEST_FILE, DataError
from training.data.stream import open_prepared
from training.device import (
    add_determinism_argument,
    add_machine_arguments,
    device_of,
    set_determinism,
    use_threads,
)
from training.distributed import Processes
from training.interpreter import python_command
from training.run.display import Display, format_duration
from training.run.loop import train
from training.run.validation import check_data, check_processes, with_base, with_classes
from training.run_folder.loaded import checkpoint_choice
from training.run_folder.precision import resolve_precision
from training.run_folder.resume import continue_config, newest_images_shown
from training.run_folder.rewind import rewind
from training.run_folder.transfer import beginning_with

if TYPE_CHECKING:
    from training.run.events import Events


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `train`."""
    parser.description = (
        "Train a run, or go on with one: the same command resumes after any end. Settings are "
        "explained in docs/training-settings.md."
    )
    parser.add_argument("--data", type=Path, required=True, help="a folder that prepare wrote")
    parser.add_argument(
        "--run", type=Path, required=True, help="the folder of the run; one that is there goes on"
    )
    parser.add_argument(
        "--preset",
        type=preset_argument,
        metavar="PRESET",
        required=True,
        help=f"networks, resolution and schedule: {', '.join(sorted(PRESETS))}, or a file like the "
        "preset.json of tune; no picture of the data may be smaller",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change a setting of the preset, e.g. seed=3 or levels.32.batch_size=16; repeatable; "
        "docs/training-settings.md lists them",
    )
    parser.add_argument(
        "--init-from",
        type=Path,
        metavar="FOLDER",
        help="begin with this bundle, or with another run, instead of random weights",
    )
    parser.add_argument(
        "--from",
        dest="go_back",
        type=checkpoint_choice,
        metavar="CHECKPOINT",
        help="go back in the run that is there: best (lowest SWD of the journal), or images shown; "
        "what came after is moved to RUN/abandoned",
    )
    add_machine_arguments(parser)
    add_determinism_argument(parser)
    parser.add_argument(
        "--tensorboard",
        action="store_true",
        help="write event files into RUN/tensorboard, too; needs the extra `tensorboard`",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the configuration and check the data only"
    )


def run(options: argparse.Namespace) -> int:
    """Run the `train` command."""
    config = apply_settings(preset_of(options.preset), options.set)
    if options.go_back and not options.dry_run:
        go_back(options)
    require_prepared(options.data, config.network.resolution)
    prepared = open_prepared(options.data)
    config = with_base(with_classes(config, prepared), prepared)
    beginning, processes = None, Processes.from_environment()
    if options.init_from:
        asked = config
        config, beginning = beginning_with(asked, options.run, options.init_from)
        if vain := overruled(asked, config, options.set):
            answer_overruled(vain, config, goes_on=beginning is None, aloud=processes.first)
    config = continue_config(options.run, config, options.set)
    newest = config_at(config, config.total_images)
    check_data(newest, prepared)
    check_processes(newest, processes.count)
    device = device_of(processes.device_name(options.device))
    is_new = not newest_images_shown(options.run)
    if processes.first and is_new and (hint := hint_for_few(newest, prepared.count)):
        sys.stderr.write(f"{hint}\n")
    if options.dry_run:
        told = resolve_precision(config, options.run, device, prepared.bit_depth).to_json()
        sys.stdout.write(told if processes.first else "")
        return 0
    use_threads(options.threads)
    set_determinism(device, options.deterministic)
    events = events_of(options.run) if options.tensorboard and processes.first else None
    display = Display.of(config) if processes.first else Display.silent(config.total_images)
    with processes.process_group(device), display, events or nullcontext():
        progress = train(
            config,
            prepared,
            options.run,
            device,
            display,
            beginning=beginning,
            processes=processes,
            events=events,
        )
        done = progress.images_shown >= config.total_images
        display.say(
            f"{'finished' if done else 'stopped'} after {progress.images_shown:,} images and "
            f"{format_duration(progress.seconds)}; "
            + ("next:" if done else "the same command goes on")
        )
    if done and processes.first:
        print("\n".join(next_commands(options.run, options.data)))
    return 0


def require_prepared(data: Path, resolution: int) -> None:
    """Check that `data` is a prepared folder; else the error has the command that prepares it.

    Raises:
        DataError: `data` exists, but is not a prepared folder.
    """
    if not data.exists() or (data / MANIFEST_FILE).exists():
        return
    out = data.resolve().parent / f"{data.resolve().name}-prepared"
    raise DataError(
        f"{data} is no prepared folder: it has no {MANIFEST_FILE}. If these are your pictures, "
        f"prepare them first:\n  {python_command()} -m training prepare {shlex.quote(str(data))} "
        f"{shlex.quote(str(out))} --resolution {resolution} --fit crop\n"
        f"and train with --data {shlex.quote(str(out))}"
    )


def go_back(options: argparse.Namespace) -> None:
    """Make the checkpoint given by `--from` the newest one of the run.

    Raises:
        CheckpointError: there is no such checkpoint.
        ConfigError: several processes were started, or the run is being trained.
    """
    if Processes.from_environment().count > 1:
        raise ConfigError(
            "--from needs a single process: call it once without torchrun, stop it by Ctrl-C, then "
            "go on with torchrun and without --from"
        )
    if moved := rewind(options.run, options.go_back):
        sys.stderr.write(f"{moved}\n")


def answer_overruled(
    vain: Sequence[str], config: TrainingConfig, *, goes_on: bool, aloud: bool
) -> None:
    """Handle settings that have no effect because the initial weights determine them.

    A new run is refused; a run that resumes gets a warning.

    Args:
        vain: those settings, with the values they have instead.
        config: of the run.
        goes_on: True if the run resumes, with the command that started it.
        aloud: True if this process writes messages.

    Raises:
        ConfigError: the run is new.
    """
    name = config.init_from.partition("@")[0]
    decided = (
        f"what the run begins with ({name}) decides {', '.join(vain)}: latent and feature maps are "
        "its own, and the levels it knows are skipped, or held without a fade"
    )
    if not goes_on:
        raise ConfigError(f"{decided}. Leave out what --set says of them")
    if aloud:
        sys.stderr.write(f"{decided}; what --set says of them is passed over\n")


def next_commands(run: Path, data: Path) -> list[str]:
    """Commands to measure and export a finished run, ready to be pasted into a shell."""
    out = Path("bundles", model_name_of(run.resolve().name))
    commands = (("evaluate", "--run", run, "--data", data), ("export", "--run", run, "--out", out))
    return [
        shlex.join([python_command(), "-m", "training", *map(str, words)]) for words in commands
    ]


def events_of(run: Path) -> Events:
    """Open the TensorBoard event files of a run.

    Raises:
        ConfigError: the package that writes them is not installed.
    """
    try:
        from training.run.events import EVENTS, Events  # noqa: PLC0415 - needs an extra
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"--tensorboard needs the package tensorboardX ({error}): pip install tensorboardX, "
            "or leave the option out"
        ) from error
    return Events(run / EVENTS)
