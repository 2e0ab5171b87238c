"""Progressive growing beside training of the same final network at full size from the start.

Owns two real runs and their SWD and KID at every checkpoint of the highest resolution. The growing
run ends as soon as it is as good by every metric. A second call continues the first. Times are
those of `timing.jsonl`: seconds spent in steps.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import torch
from rich.console import Console

from bench.learning.reaching import Point, seconds_to, times_faster
from bench.learning.settings import full_size, up_to
from models.family import ImageGenerator
from models.growth import Growth
from training.commands.evaluate import EVALUATION_FIRST_SEED
from training.config.config import LevelPlan, TrainingConfig
from training.config.presets import PRESETS
from training.data.stream import Prepared
from training.game.schedule import ScheduleState
from training.quality.distances import kernel_distance
from training.quality.features import efficientnet_features, load_efficientnet, weights_path
from training.quality.pictures import choose_real, draw_generated
from training.quality.swd import sliced_wasserstein
from training.run.display import Display
from training.run.loop import train
from training.run_folder.checkpoint import CHECKPOINTS, PATTERN
from training.run_folder.journal import append_line, read_lines
from training.run_folder.loaded import load_run

MEASURED = "measured.jsonl"  # in the folder of a run
PROGRESSIVE, FULL = "progressive", "full size"
METRICS = ("swd", "kid")

Numbers = dict[str, float]


@dataclass(frozen=True)
class Course:
    """Lengths of the two runs.

    Attributes:
        preset: preset for the schedule and the training settings; its levels up to `resolution`.
        resolution: of the final pictures, in pixels.
        full_images: images shown by the run at full size.
        lower_share: share of the preset's images for the growing run, until the last fade ends.
        top_images: maximum number of images that it shows after that.
        tick_images: images between two measurements of it; twice as many in the run at full size.
        pictures: pictures in each set, for SWD and KID.
    """

    preset: str
    resolution: int
    full_images: int
    lower_share: float
    top_images: int
    tick_images: int
    pictures: int


@dataclass(frozen=True)
class Gain:
    """Seconds to the final value of full size; `at_its_end`: speed-up to the end of growing."""

    metric: str
    target: float
    full_s: float | None
    progressive_s: float | None
    speedup: float | None
    at_its_end: float | None = None


class Ruler:
    """Computes SWD and KID of a generator against the same real pictures, with the same seeds."""

    def __init__(self, prepared: Prepared, resolution: int, pictures: int) -> None:
        self.real = choose_real(prepared.images(resolution), pictures, seed=0)
        self._network = load_efficientnet(weights_path(), torch.device("cpu"))
        self._features = efficientnet_features(self.real, self._network)

    def measure(self, average: ImageGenerator, growth: Growth, scratch: Path) -> Numbers:
        """Compute both metrics, by `training.quality`."""
        drawn = draw_generated(
            average,
            growth,
            range(EVALUATION_FIRST_SEED, EVALUATION_FIRST_SEED + len(self.real)),
            scratch,
        )
        return {
            "swd": sliced_wasserstein(self.real, drawn, scratch).mean,
            "kid": kernel_distance(
                self._features, efficientnet_features(drawn, self._network)
            ).mean,
        }


class Watched(Display):
    """Display of a run that measures new checkpoints at each tick."""

    def __init__(self, total_images: int, look: Callable[[], None], console: Console) -> None:
        super().__init__(total_images, console)
        self._look = look

    def tick(
        self, schedule: ScheduleState, images_shown: int, rate: float, numbers: dict[str, float]
    ) -> None:
        """Display the progress of the run, and measure the checkpoint of the previous tick."""
        super().tick(schedule, images_shown, rate, numbers)
        self._look()


def configs(course: Course, channels: int) -> dict[str, TrainingConfig]:
    """Return both configurations by name. Only levels and tick length differ; the network is equal.

    Raises:
        ValueError: the preset has no such resolution.
    """
    common = up_to(PRESETS[course.preset], course.resolution, channels)
    *lower, top = (shortened(plan, course.lower_share) for plan in common.levels)
    grown = (*lower, replace(top, stable_images=course.top_images))
    return {
        FULL: replace(full_size(common, course.full_images), tick_images=2 * course.tick_images),
        PROGRESSIVE: replace(common, levels=grown, tick_images=course.tick_images),
    }


def shortened(plan: LevelPlan, share: float) -> LevelPlan:
    """Return the same level with a share of its images."""
    fade, stable = (round(share * images) for images in (plan.fade_images, plan.stable_images))
    return replace(plan, fade_images=fade, stable_images=stable)


def measure_new(run: Path, ruler: Ruler) -> None:
    """Measure the checkpoints of `run` at full resolution that are not yet measured."""
    known = {line["images_shown"] for line in lines_of(run, len(ruler.real))}
    for record in sorted((run / CHECKPOINTS).glob(PATTERN)):
        images = int(record.stem.rpartition("-")[2])
        if images in known:
            continue
        loaded = load_run(run, str(images))
        growth = loaded.schedule.growth
        if growth.resolution != ruler.real.shorter:
            continue
        line = {"images_shown": images, "seconds": loaded.progress.seconds, **asdict(growth)}
        numbers = ruler.measure(loaded.state.average, growth, run)
        append_line(run / MEASURED, line | {"pictures": len(ruler.real)} | numbers)


def lines_of(run: Path, pictures: int) -> list[dict[str, object]]:
    """Return the measurements of a run that used `pictures` pictures."""
    return [line for line in read_lines(run / MEASURED) if line["pictures"] == pictures]


def curve_of(run: Path, pictures: int, metric: str) -> list[Point]:
    """Return the seconds of training and the value of one metric at each measurement."""
    lines = lines_of(run, pictures)
    return sorted((float(str(line["seconds"])), float(str(line[metric]))) for line in lines)


def play(
    plans: dict[str, TrainingConfig],
    prepared: Prepared,
    pictures: int,
    folder: Path,
    console: Console,
) -> list[Gain]:
    """Train and measure both runs; return the speed-up by growing for each metric.

    Args:
        plans: configurations from `configs`. The growing run ends when it is as good as the other.
        prepared: data for training and for the metrics.
        pictures: number of pictures in each set, for SWD and KID.
        folder: folder of both runs.
        console: console for the progress.

    Raises:
        KeyboardInterrupt: a run was stopped by the user; the same call continues it.
        ValueError: a run was measured with another number of pictures.
    """
    ruler = Ruler(prepared, plans[FULL].network.resolution, pictures)
    folder.mkdir(parents=True, exist_ok=True)
    for name in (FULL, PROGRESSIVE):
        config, run = plans[name], run_in(folder, name)
        require_same_pictures(run, len(ruler.real))
        console.print(f"{name}: {config.total_images:,} images, in {run}")
        look = partial(measure_new, run, ruler)
        good = partial(as_good, folder, len(ruler.real))
        enough = good if name == PROGRESSIVE else lambda: False
        look()
        if enough():
            continue
        with Watched(config.total_images, partial(look_and_end, look, enough), console) as display:
            progress = train(config, prepared, run, torch.device("cpu"), display)
        if progress.images_shown < config.total_images and not enough():
            raise KeyboardInterrupt
        look()
    return gains(folder, len(ruler.real))


def look_and_end(look: Callable[[], None], enough: Callable[[], bool]) -> None:
    """Measure new checkpoints, and stop the run if the result is good enough."""
    look()
    if enough():
        signal.raise_signal(signal.SIGTERM)


def as_good(folder: Path, pictures: int) -> bool:
    """True if the growing run has reached the final value of the other, by every metric."""
    return all(gain.progressive_s is not None for gain in gains(folder, pictures))


def require_same_pictures(run: Path, pictures: int) -> None:
    """Refuse another number of pictures than before: most old checkpoints are deleted.

    Raises:
        ValueError: the message names both numbers.
    """
    others = {int(str(line["pictures"])) for line in read_lines(run / MEASURED)}
    others -= {pictures}
    if others:
        raise ValueError(
            f"{run} was measured with {min(others):,} pictures, not {pictures:,}: "
            "repeat that, or choose another folder"
        )


def run_in(folder: Path, name: str) -> Path:
    """Return the folder of the run of that name."""
    return folder / name.replace(" ", "-")


def gains(folder: Path, pictures: int) -> list[Gain]:
    """Compute the gain by each metric from the measurements of both runs."""
    found: list[Gain] = []
    for metric in METRICS:
        full, grown = (
            curve_of(run_in(folder, name), pictures, metric) for name in (FULL, PROGRESSIVE)
        )
        target = full[-1][1]
        times = seconds_to(full, target), seconds_to(grown, target)
        at_its_end = 1 / slower if (slower := times_faster(grown, full)) else None
        found.append(Gain(metric, target, *times, times_faster(full, grown), at_its_end))
    return found
