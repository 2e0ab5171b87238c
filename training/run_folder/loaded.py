"""A checkpoint of a run, loaded for export, measurement or generation.

Owns the loading of configuration and networks from a run folder. Changes nothing in it.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

from models.families.table import offer_of
from models.family import ImageGenerator
from models.plain_number import is_digits
from models.resolution import MIN_RESOLUTION, resolution_of
from training.config.config import CONFIG_FILE, TrainingConfig
from training.game.centres import compute_centres
from training.game.schedule import ScheduleState, schedule_at
from training.game.state import TrainingState
from training.game.statistics import recompute_statistics
from training.run_folder.alarms import best_tick
from training.run_folder.checkpoint import (
    CHECKPOINTS,
    PATTERN,
    CheckpointError,
    Progress,
    checkpoint_at,
    load_at,
    load_newest,
)
from training.run_folder.journal import JOURNAL_FILE, read_lines
from training.run_folder.resume import read_config

NEWEST, BEST = "newest", "best"


@dataclass(frozen=True)
class LoadedRun:
    """Run in the state of one of its checkpoints, on the CPU."""

    config: TrainingConfig
    state: TrainingState
    progress: Progress

    @property
    def schedule(self) -> ScheduleState:
        """State of its schedule after the images shown."""
        return schedule_at(self.progress.images_shown, self.config)

    @property
    def is_complete(self) -> bool:
        """True if all images of the schedule were shown."""
        return self.progress.images_shown >= self.config.total_images

    @property
    def finished_level(self) -> int:
        """Highest active level that is not fading in."""
        growth = self.schedule.growth
        return growth.level - growth.fading

    def level_at(self, resolution: int | None) -> int:
        """Level of `resolution`; by default the highest that has faded in.

        Raises:
            CheckpointError: the run has not finished that resolution.
        """
        finished = self.config.network.resolutions[: self.finished_level + 1]
        if resolution is None:
            return self.finished_level
        if resolution not in finished:
            raise CheckpointError(
                f"--resolution {resolution}: after {self.progress.images_shown:,} of "
                f"{self.config.total_images:,} images the run has finished "
                f"{', '.join(map(str, finished))} px. Choose one of these, or train on"
            )
        return finished.index(resolution)

    def network(self, resolution: int | None) -> ImageGenerator:
        """Averaged generator up to a resolution; by default up to the highest finished one.

        Raises:
            CheckpointError: the run has not finished that resolution, it is below 8 px, or the
                family has no smaller network.
        """
        level = self.level_at(resolution)
        if resolution_of(level) < MIN_RESOLUTION:
            raise CheckpointError(
                f"after {self.progress.images_shown:,} images the run has finished "
                f"{resolution_of(self.finished_level)} px, {MIN_RESOLUTION} are the least of a "
                "network. Choose more, or repeat the train command to go on"
            )
        average = self.state.average.eval().requires_grad_(False)
        # A copy has another memory layout, whose kernels may round the last bit differently.
        if level == average.config.top_level:
            return average
        if not offer_of(average.config).grows:
            raise CheckpointError(
                f"--resolution {resolution}: a network of the family {average.config.family} has "
                f"{average.config.resolution} px, and its bundle all resolutions below; leave the "
                "option out"
            )
        return average.up_to(level)


def load_run(run_folder: Path, which: str = NEWEST) -> LoadedRun:
    """Read a checkpoint of a run; the averaged generator gets statistics of its own.

    Args:
        run_folder: the folder of the run.
        which: "newest", the newest whole one, with a sentence on the standard error for each newer
            one that is damaged; "best", the one with the lowest SWD in the journal at the highest
            resolution; or images shown.

    Raises:
        CheckpointError: there is no run or checkpoint, or none is whole.
        ConfigError: the configuration of the run cannot be read.
    """
    path = run_folder / CONFIG_FILE
    if not path.exists() or not list((run_folder / CHECKPOINTS).glob(PATTERN)):
        raise CheckpointError(f"{run_folder} holds no checkpoint: train it first")
    config = read_config(path)
    state = TrainingState.create(config, torch.device("cpu"))
    if which != NEWEST:
        images = best_of(run_folder, config) if which == BEST else int(which)
        progress = load_at(run_folder / CHECKPOINTS, images, state)
        settle(state.average)
        return LoadedRun(config, state, progress)
    progress, damaged = load_newest(run_folder / CHECKPOINTS, state)
    settle(state.average)
    for sentence in damaged:
        sys.stderr.write(f"passed over: {sentence}\n")
    return LoadedRun(config, state, progress)


def settle(average: ImageGenerator) -> None:
    """Compute all that is a function of the weights of an averaged generator, in place."""
    recompute_statistics(average)
    compute_centres(average)


def best_of(run_folder: Path, config: TrainingConfig) -> int:
    """Images shown at the best tick of the journal among those with a checkpoint.

    Raises:
        CheckpointError: the run has no tick with its highest resolution faded in.
    """
    folder = run_folder / CHECKPOINTS
    # A process may have been killed between a line of the journal and its checkpoint.
    kept = [
        line
        for line in read_lines(run_folder / JOURNAL_FILE)
        if checkpoint_at(folder, int(str(line["images_shown"]))).exists()
    ]
    best = best_tick(kept, config.network.resolution)
    if best is None:
        raise CheckpointError(
            f"{run_folder} has no best checkpoint: of those it keeps, the journal has no SWD at "
            f"{config.network.resolution} px, held; use the newest one, or train on"
        )
    return best


def add_checkpoint_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option `--checkpoint`."""
    parser.add_argument(
        "--checkpoint",
        type=checkpoint_choice,
        default=NEWEST,
        help="newest, best (lowest SWD of the journal), or images shown; newest unless told",
    )


def checkpoint_choice(text: str) -> str:
    """Parse the value of an option that names a checkpoint."""
    if text not in (NEWEST, BEST) and not is_digits(text):
        raise argparse.ArgumentTypeError(f"newest, best or a whole number is needed, not {text!r}")
    return text
