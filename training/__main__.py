"""The commands: `python -m training prepare | train | evaluate | report | export | benchmark`.

Owns the command line alone; each command lives in its own room. Mistakes of the user end with one
sentence and exit code 2, a run that was asked to stop with 0, what is interrupted with 130.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from models.bundle import BundleError
from training import export, prepare_command
from training.agreement import check_data, check_processes, with_base, with_classes
from training.benchmark import command as benchmark
from training.checkpoint import CheckpointError
from training.config import ConfigError
from training.data import open_prepared
from training.descent import NonFiniteLossError
from training.exits.lessons import ExitError
from training.loop import train
from training.manifest import DataError
from training.presets import PRESETS
from training.progress import Display, duration
from training.quality import evaluate
from training.quality.features import WeightsError
from training.report import command as report_command
from training.setting import apply_settings
from training.together import Together, TogetherError
from training.transfer import beginning_with

if TYPE_CHECKING:
    from training.events import Events

USER_ERRORS = (
    BundleError,
    CheckpointError,
    ConfigError,
    DataError,
    ExitError,
    NonFiniteLossError,
    TogetherError,
    WeightsError,
    evaluate.EvaluationError,
    export.ExportError,
)
MOST_THREADS = 1024


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    preparing = commands.add_parser("prepare", help="turn pictures into arrays to train on")
    prepare_command.add_arguments(preparing)
    preparing.set_defaults(run_command=prepare_command.run)

    training = commands.add_parser("train", help="train, or go on training, a run")
    training.add_argument("--data", type=Path, required=True, help="a folder that prepare wrote")
    training.add_argument("--run", type=Path, required=True, help="the folder of the run")
    training.add_argument("--preset", choices=sorted(PRESETS), required=True)
    training.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change a setting of the preset, e.g. seed=3 or levels.32.batch_size=16; repeatable",
    )
    training.add_argument(
        "--init-from",
        type=Path,
        metavar="FOLDER",
        help="begin with this bundle, or with another run, instead of random weights",
    )
    add_machine_arguments(training)
    training.add_argument(
        "--tensorboard",
        action="store_true",
        help="write event files into RUN/tensorboard, too; needs the extra `tensorboard`",
    )
    training.add_argument(
        "--dry-run", action="store_true", help="print the configuration and check the data only"
    )
    training.set_defaults(run_command=run_train)

    evaluating = commands.add_parser("evaluate", help="measure how good a run is")
    evaluate.add_arguments(evaluating)
    add_machine_arguments(evaluating)
    evaluating.set_defaults(run_command=run_evaluate)

    reporting = commands.add_parser(
        "report", help="write the page of a run, with plots and pictures"
    )
    report_command.add_arguments(reporting)
    reporting.set_defaults(run_command=report_command.run)

    exporting = commands.add_parser("export", help="make a bundle of a run and prove it")
    export.add_arguments(exporting)
    exporting.set_defaults(run_command=export.run)

    benchmarking = commands.add_parser("benchmark", help="repeat a published experiment")
    benchmark.add_arguments(benchmarking)
    benchmarking.add_argument("--threads", type=thread_count, help="CPU threads; all unless told")
    benchmarking.set_defaults(run_command=run_benchmark)
    return parser


def add_machine_arguments(parser: argparse.ArgumentParser) -> None:
    """Where a command computes."""
    parser.add_argument("--device", help="cpu, cuda, cuda:1; the first CUDA device, else the CPU")
    parser.add_argument("--threads", type=thread_count, help="CPU threads; all cores unless told")


def run_train(options: argparse.Namespace) -> int:
    """The `train` command."""
    config = apply_settings(PRESETS[options.preset], options.set)
    prepared = open_prepared(options.data)
    config = with_base(with_classes(config, prepared), prepared)
    beginning = None
    if options.init_from:
        config, beginning = beginning_with(config, options.run, options.init_from)
    check_data(config, prepared)
    together = Together.from_environment()
    check_processes(config, together.count)
    if options.dry_run:
        sys.stdout.write(config.to_json() if together.first else "")
        return 0
    device = device_of(together.device_name(options.device))
    if options.threads:
        torch.set_num_threads(options.threads)
    events = events_of(options.run) if options.tensorboard and together.first else None
    watched = Display if together.first else Display.silent
    with (
        together.meeting(device),
        watched(config.total_images) as display,
        events or nullcontext(),
    ):
        progress = train(
            config,
            prepared,
            options.run,
            device,
            display,
            beginning=beginning,
            together=together,
            events=events,
        )
        done = progress.images_shown >= config.total_images
        display.say(
            f"{'finished' if done else 'stopped'} after {progress.images_shown:,} images and "
            f"{duration(progress.seconds)}; "
            + (f"next: export --run {options.run}" if done else "the same command goes on")
        )
    return 0


def events_of(run: Path) -> Events:
    """The event files of a run.

    Raises:
        ConfigError: what writes them is not installed.
    """
    try:
        from training.events import EVENTS, Events  # noqa: PLC0415 - needs an extra
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"--tensorboard needs the package tensorboardX ({error}): pip install tensorboardX, "
            "or leave the option out"
        ) from error
    return Events(run / EVENTS)


def run_evaluate(options: argparse.Namespace) -> int:
    """The `evaluate` command."""
    device = device_of(options.device)
    if options.threads:
        torch.set_num_threads(options.threads)
    return evaluate.run(options, device)


def run_benchmark(options: argparse.Namespace) -> int:
    """The `benchmark` command."""
    if options.threads:
        torch.set_num_threads(options.threads)
    return benchmark.run(options)


def device_of(name: str | None) -> torch.device:
    """The device of that name; the first CUDA device, else the CPU, without one.

    Raises:
        ConfigError: there is no such device here.
    """
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.empty(1, device=device)
    except (AssertionError, RuntimeError) as error:
        raise ConfigError(f"--device {name} cannot be used: {error}") from error
    return device


def thread_count(text: str) -> int:
    """The value of `--threads`."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST_THREADS:
        raise argparse.ArgumentTypeError(f"1 to {MOST_THREADS} threads are possible, not {text!r}")
    return int(text)


def main() -> int:
    """Run one command; the exit code."""
    options = build_parser().parse_args()
    try:
        if options.run_command is not run_train and Together.from_environment().count > 1:
            raise TogetherError("only train is for several processes: start this without torchrun")
        return options.run_command(options)
    except USER_ERRORS as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"error: {error}. What was written before is whole\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("stopped. What was written before is whole\n")
        return 130
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        sys.stderr.write(
            f"error: out of memory ({str(error).partition(chr(10))[0]}). What was written before "
            "is whole. Try smaller batches (--set levels.*.batch_size=...) or a smaller network\n"
        )
        return 1


def lacks_memory(error: Exception) -> bool:
    """Whether there was too little memory, for Python or for torch, on a device or on the CPU."""
    kinds = (MemoryError, torch.OutOfMemoryError)
    return isinstance(error, kinds) or "can't allocate memory" in str(error)


if __name__ == "__main__":
    Together.from_environment().leave(main())
