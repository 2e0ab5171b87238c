"""Results of the benchmark on disk, one JSON file for each trial, and their table.

Owns the files `trial.json` and `result.json`, read strictly, and the rows of the table. Trains and
measures nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from models.strict_json import STRICT
from training.atomic_folder import write_file
from training.benchmark.score import ModeCounter, ModeScore
from training.benchmark.trial import Trial
from training.config.config import ConfigError

TRIAL_FILE, RESULT_FILE = "trial.json", "result.json"

T = TypeVar("T")


@dataclass(frozen=True, config=STRICT)
class TrialResult:
    """A finished trial, and how it was measured.

    Attributes:
        trial: its settings.
        score: of its averaged generator.
        seconds: of training.
        pictures: counted in each draw; 0 if not recorded.
        draws: number of draws whose scores were averaged; 0 if not recorded.
    """

    trial: Trial
    score: ModeScore
    seconds: float
    pictures: int = 0
    draws: int = 0

    def measured_as(self, counter: ModeCounter) -> bool:
        """True if its score is comparable to others of this counter."""
        return (self.pictures, self.draws) == (counter.pictures, counter.draws)


def keep_trial(trial: Trial, folder: Path) -> None:
    """Write the settings of a new trial; those in an existing folder must be the same.

    Raises:
        ConfigError: the folder belongs to a trial with other settings, or the file is damaged.
    """
    path = folder / TRIAL_FILE
    if path.exists() and (old := read_result_file(path, Trial)) != trial:
        raise ConfigError(
            f"{folder} was begun as {asdict(old)}: repeat that, or choose another --out"
        )
    write_json(path, trial)


def read_result(path: Path) -> TrialResult:
    """Read the result of a finished trial.

    Raises:
        ConfigError: it is damaged.
    """
    return read_result_file(path, TrialResult)


def read_result_file(path: Path, kind: type[T]) -> T:
    """Read a JSON file of the benchmark, strict in keys and types.

    Raises:
        ConfigError: it is damaged.
    """
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise ConfigError(
            f"{path} is damaged ({place}: {first['msg']}): delete it to measure again"
        ) from error


def write_json(path: Path, values: Trial | TrialResult) -> None:
    """Write a file for `read_result_file` atomically."""
    write_file(path, (json.dumps(asdict(values), indent=2) + "\n").encode("utf-8"))


def table_of_results(results: Iterable[TrialResult], real: ModeScore, counter: ModeCounter) -> str:
    """Format a table: one row for each kind of trial, mean and standard deviation over its seeds.

    Args:
        results: of all trials; those with other numbers of pictures or draws are only counted.
        real: the score of real digits, for the first row.
        counter: measured all results in the table.
    """
    kinds: defaultdict[tuple[str, ...], list[TrialResult]] = defaultdict(list)
    left_out = 0
    for result in results:
        trial = result.trial
        if not result.measured_as(counter):
            left_out += 1
            continue
        kinds[trial.network, describe_trial(trial), f"{trial.images:,}"].append(result)
    measured = f"{counter.pictures:,} pictures, {counter.draws} draws"
    lines = [
        f"Stacked MNIST: {measured}; more modes and a lower KL to uniform (nats) are better",
        f"digit classifier: {counter.reader.accuracy:.2%} right; torch {torch.__version__}",
        "",
        "| network | game | images shown | seeds | modes of 1,000 | KL |",
        "|---|---|---|---|---|---|",
        f"| real data | - | - | - | {real.modes:.1f} | {real.divergence:.4f} |",
    ]
    for kind, found in sorted(kinds.items()):
        modes = mean_and_deviation([result.score.modes for result in found])
        divergence = mean_and_deviation([result.score.divergence for result in found], digits=4)
        lines.append(f"| {' | '.join(kind)} | {len(found)} | {modes} | {divergence} |")
    if left_out:
        lines += ["", f"{left_out} trials were measured with other pictures or draws: left out"]
    return "\n".join(lines)


def describe_trial(trial: Trial) -> str:
    """Short description of the settings, without network, images and seed."""
    generator, discriminator = trial.rates
    rates = f"{generator:g}" + (f" and {discriminator:g}" if discriminator != generator else "")
    penalty = "" if trial.objective == "wgan-gp" else f", gamma {trial.gamma:g}"
    return f"{trial.objective}{penalty}, learning rate {rates}, batch {trial.batch_size}"


def mean_and_deviation(values: Sequence[float], digits: int = 1) -> str:
    """Format the mean and, for several values, the standard deviation."""
    mean = f"{np.mean(values):.{digits}f}"
    return f"{mean} ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else mean
