"""The command line of `python -m training`.

Owns the parser and the exit codes; each command is a module of `training.commands`. Errors of the
user end with a message and exit code 2, errors of the system (disk, memory) with 1, a run that was
stopped by request with 0, other interrupted commands with 130.
"""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

import torch

from models.bundle import BundleError
from training.commands import (
    benchmark,
    benchmark_parts,
    directions,
    evaluate,
    export,
    families,
    generate,
    generate_options,
    import_weights,
    prepare,
    project,
    train,
    tune,
)
from training.commands import report as report_command
from training.config.config import ConfigError
from training.data.manifest import DataError
from training.device import add_threads_argument, use_threads
from training.distributed import DistributedError, Processes
from training.exits.distillation_data import ExitError
from training.game.optimise import NonFiniteLossError
from training.imports.refusal import ImportRefusedError
from training.projection.point_file import PointError
from training.quality.features import WeightsError
from training.run_folder.checkpoint import CheckpointError

USER_ERRORS = (
    BundleError,
    CheckpointError,
    ConfigError,
    DataError,
    ExitError,
    ImportRefusedError,
    NonFiniteLossError,
    PointError,
    DistributedError,
    WeightsError,
    directions.DirectionsError,
    evaluate.EvaluationError,
    export.ExportError,
    generate_options.GenerateError,
    project.ProjectError,
)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description="Train a Progressive GAN on your pictures and export it: prepare, train, "
        "evaluate, export. docs/training.md tells more.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    for name, module, told in (
        ("prepare", prepare, "turn pictures into arrays to train on"),
        ("train", train, "train, or go on training, a run"),
        ("tune", tune, "find better settings for the same processor time"),
        ("evaluate", evaluate, "measure how good a run is"),
        ("report", report_command, "write the page of a run, with plots and pictures"),
        ("export", export, "make a bundle of a run and prove it"),
        ("generate", generate, "make pictures of a run or a bundle"),
        ("directions", directions, "find directions to edit pictures along"),
        ("project", project, "find the point of a bundle that is nearest to a picture"),
        ("import", import_weights, "make a bundle of another tool's weights"),
    ):
        command = commands.add_parser(name, help=told)
        module.add_arguments(command)
        command.set_defaults(run_command=module.run)

    listing = commands.add_parser("families", help="list families and presets, with parameters")
    families.add_arguments(listing)
    listing.set_defaults(run_command=families.run)

    add_benchmarks(
        commands.add_parser(
            "benchmark",
            help="repeat a published experiment, or compare networks by the parts of pictures",
        )
    )
    return parser


def add_benchmarks(benchmarking: argparse.ArgumentParser) -> None:
    """Add the benchmarks, each a command of its own."""
    names = benchmarking.add_subparsers(required=True, metavar="NAME")
    for name, module, told in (
        ("stacked-mnist", benchmark, "how many of 1,000 modes a generator finds"),
        ("parts", benchmark_parts, "how many parts of its pictures a network gets right"),
    ):
        one = names.add_parser(name, help=told)
        module.add_arguments(one)
        add_threads_argument(one)
        one.set_defaults(run_command=run_benchmark, run_named=module.run)


def run_benchmark(options: argparse.Namespace) -> int:
    """Run a benchmark by its name."""
    use_threads(options.threads)
    return options.run_named(options)


def main() -> int:
    """Run one command; returns the exit code."""
    options = build_parser().parse_args()
    try:
        if options.run_command is not train.run and Processes.from_environment().count > 1:
            raise DistributedError(
                "only train is for several processes: start this without torchrun"
            )
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
        advice = ""
        if options.run_command is train.run:
            advice = (
                ". The same command goes on from the last checkpoint with smaller batches "
                "(--set 'levels.*.batch_size=8'); a smaller network needs a new run"
            )
        sys.stderr.write(
            f"error: out of memory ({str(error).partition(chr(10))[0]}). What was written before "
            f"is whole{advice}\n"
        )
        return 1


def lacks_memory(error: Exception) -> bool:
    """True if Python or torch ran out of memory, on a device or on the CPU."""
    kinds = (MemoryError, torch.OutOfMemoryError)
    return isinstance(error, kinds) or "can't allocate memory" in str(error)


def run_process() -> NoReturn:
    """Run one command, and exit this process with its exit code."""
    Processes.from_environment().exit(main())
