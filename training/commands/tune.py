"""`python -m training tune`: the command line of the search for better settings.

Owns the arguments, the checks before any work, and the folder of the search. The search itself is
`training.tuning.search`; Optuna is imported only here, at need.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from models.families.table import offer_of
from models.plain_number import decimal_number, is_digits, whole_number
from training.commands.train import require_prepared
from training.config.config import ConfigError, TrainingConfig
from training.config.overrides import apply_settings, parse_settings
from training.config.preset_file import preset_argument, preset_of
from training.data.stream import open_prepared
from training.interpreter import python_command
from training.threads import available_threads
from training.tuning.opening import AskedSearch, check_with, opened_request, search_lock
from training.tuning.outcome import PARTS_SCORE, PRESET_FILE, QUICK_SCORE, TuningRequest
from training.tuning.searched import SearchedSetting
from training.tuning.space import space_of

if TYPE_CHECKING:
    from training.tuning.search import Search

TRIALS = 30  # whole ones in the time, if --trial-minutes is not given
FEWEST_TRIALS = 2  # beside the repeats
MOST_PROCESSES, MOST_REPEATS = 1024, 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `tune`."""
    parser.description = (
        "Find better settings for the same processor time: short runs of the preset with other "
        "settings, each in a folder of its own below --out. The same command goes on after any "
        "end. docs/training.md tells what is searched, and what the scores mean."
    )
    parser.add_argument("--data", type=Path, required=True, help="a folder that prepare wrote")
    parser.add_argument(
        "--preset", type=preset_argument, required=True, help="the preset to improve, as for train"
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder of the search")
    add_budget_arguments(parser)
    add_search_arguments(parser)


def add_budget_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say how much is spent, and at which resolution."""
    parser.add_argument(
        "--hours",
        type=positive_number,
        required=True,
        help="processor hours of each process, repeats included; may be raised later",
    )
    parser.add_argument(
        "--trial-minutes",
        type=positive_number,
        help=f"processor minutes of each trial (default: such that {TRIALS} whole ones fit)",
    )
    parser.add_argument(
        "--processes",
        type=process_count,
        help="trials at the same time, on one thread each (default: the cores that can be used)",
    )
    parser.add_argument(
        "--resolution",
        type=whole_number,
        help="pixels at which trials are compared (default: the largest that the preset's own plan "
        "reaches in the time of a trial)",
    )


def add_search_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say what is searched, and how it is judged."""
    parser.add_argument(
        "--search",
        action="append",
        default=[],
        metavar="NAME=VALUES",
        help="search this setting, instead of the default ones: NAME=LOW:HIGH, NAME=LOW:HIGH:log "
        "or NAME=a,b,c; x in front of a number multiplies the preset's value; repeatable",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change a setting of the preset for all trials, as for train; repeatable",
    )
    parser.add_argument(
        "--score",
        choices=[QUICK_SCORE, PARTS_SCORE],
        default=QUICK_SCORE,
        help="by the quick metrics of the journal (default), or by a reader of parts, where the "
        "parts or classes of the pictures are known",
    )
    parser.add_argument(
        "--repeats",
        type=repeat_count,
        default=2,
        help="runs of the best trial and of the preset with other seeds, at the end (default: 2)",
    )


def run(options: argparse.Namespace) -> int:
    """Run the `tune` command.

    Raises:
        ConfigError: an argument is wrong, or the folder holds another search.
        DataError: the data cannot be read.
        OSError: the disk is full.
    """
    require_optuna()
    base = apply_settings(preset_of(options.preset), options.set)
    if offer_of(base.network).translates:
        raise ConfigError(
            f"tune compares pictures of seeds; the preset {options.preset} translates pictures: "
            "change its settings by hand, and compare the SWD in the journals of two runs"
        )
    require_prepared(options.data, base.network.resolution)
    prepared = open_prepared(options.data)
    torch.set_num_threads(1)  # measures speed as the trials do, which use one thread each
    space = space_of(base, options.search, [*parse_settings(options.set)], check_with(prepared))
    asked = AskedSearch(
        tuple(map(str, space)), options.resolution, trial_seconds_of(options),
        named_time=options.trial_minutes is not None,
        score=options.score,
    )  # fmt: skip
    with search_lock(options.out):
        request = opened_request(options.out, asked, base, prepared)
        search = search_of(options, request, base, space)
        say(search.describe())
        done = search.run(options.data)
        summary = search.write()
    if not done:
        say("stopped; the same command goes on")
        return 0
    preset = ["--preset", options.out / PRESET_FILE, "--data", options.data]
    words = shlex.join([python_command(), "-m", "training", "train", *map(str, preset)])
    say(f"{summary}\n\nnext:\n{words} --run RUN")
    return 0


def require_optuna() -> None:
    """Check that the package is there, before any work.

    Raises:
        ConfigError: it is not.
    """
    if importlib.util.find_spec("optuna") is None:
        raise ConfigError("tune needs the package optuna: pip install optuna")


def search_of(
    options: argparse.Namespace,
    request: TuningRequest,
    base: TrainingConfig,
    space: list[SearchedSetting],
) -> Search:
    """Search in its locked folder."""
    try:
        from training.tuning.search import Search, SearchPlan  # noqa: PLC0415 - needs an extra
        from training.tuning.study import TuningStudy  # noqa: PLC0415 - the same
    except ModuleNotFoundError as error:
        raise ConfigError(f"tune needs the package optuna ({error}): pip install optuna") from error
    processes = processes_of(options)
    seconds = 3600 * options.hours * processes
    study = TuningStudy(options.out, space, base)
    plan = SearchPlan(seconds, processes, options.repeats)
    return Search(options.out, request, base, space, plan, study, say)


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def trial_seconds_of(options: argparse.Namespace) -> float:
    """Processor seconds of each trial of a new search.

    Raises:
        ConfigError: so few trials fit that there is nothing to compare.
    """
    seconds = 3600 * options.hours * processes_of(options)
    fits = TRIALS + 2 * options.repeats
    trial = 60 * options.trial_minutes if options.trial_minutes else seconds / fits
    if seconds < (FEWEST_TRIALS + 2 * options.repeats) * trial:
        raise ConfigError(
            f"--hours {options.hours:g} with {processes_of(options)} processes has room for "
            f"{seconds / trial:.1f} trials of {trial / 60:g} minutes; {FEWEST_TRIALS} and "
            f"{2 * options.repeats} repeats are needed: raise --hours, or lower --trial-minutes or "
            "--repeats"
        )
    return trial


def processes_of(options: argparse.Namespace) -> int:
    """Number of trials at the same time."""
    return options.processes or available_threads()


def positive_number(text: str) -> float:
    """Parse a number above 0."""
    try:
        number = decimal_number(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return number


def process_count(text: str) -> int:
    """Parse the value of `--processes`."""
    if not is_digits(text) or not 1 <= int(text) <= MOST_PROCESSES:
        raise argparse.ArgumentTypeError(f"must be 1 to {MOST_PROCESSES}, not {text!r}")
    return int(text)


def repeat_count(text: str) -> int:
    """Parse the value of `--repeats`."""
    if not is_digits(text) or int(text) > MOST_REPEATS:
        raise argparse.ArgumentTypeError(f"must be 0 to {MOST_REPEATS}, not {text!r}")
    return int(text)
