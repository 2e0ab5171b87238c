"""Progress of a run: a live bar in a terminal, plain lines in a log.

Owns the display. Knows no step.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from training.config.config import TrainingConfig
from training.game.schedule import ScheduleState
from training.run_folder.time_left import RateWatch, Workload

Number = int | float


class Display:
    """Progress display of one run; use it as a context manager.

    Args:
        total_images: of the whole run.
        console: output; the standard output by default.
        workload: cost of each image, for the time left; without it all images cost the same.
    """

    def __init__(
        self,
        total_images: int,
        console: Console | None = None,
        workload: Workload | None = None,
    ) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self.total_images = total_images
        self._workload = workload or Workload((total_images,), (1.0,))
        self._rates = RateWatch()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} / {task.total:,.0f} images"),
            TextColumn("{task.fields[rate]:.1f} images/s"),
            TextColumn("{task.fields[left]} left"),
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=total_images, rate=0.0, left="?")

    @classmethod
    def of(cls, config: TrainingConfig) -> Self:
        """Display of a run, with the cost of each of its levels."""
        return cls(config.total_images, workload=Workload.of(config))

    @classmethod
    def silent(cls, total_images: int) -> Self:
        """Display without output, for all processes of a run except the first."""
        return cls(total_images, Console(quiet=True, force_terminal=False))

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        """Print one permanent line."""
        self.console.print(text, markup=False, emoji=False)

    def update(self, schedule: ScheduleState, images_shown: int, rate: float) -> None:
        """Advance the bar; cheap, called at every step."""
        self._bar.update(
            self._task,
            completed=images_shown,
            description=describe_schedule(schedule),
            rate=rate,
            left=self._left(images_shown, rate),
        )

    def tick(
        self, schedule: ScheduleState, images_shown: int, rate: float, numbers: dict[str, float]
    ) -> None:
        """Log the progress, and what to do if the rate has collapsed."""
        terms = "  ".join(f"{name} {value:.3f}" for name, value in numbers.items())
        self.say(
            f"{describe_schedule(schedule)}  {images_shown:,} of {self.total_images:,} images  "
            f"{rate:.1f} images/s  about {self._left(images_shown, rate)} left  {terms}"
        )
        if hint := self._rates.hint(schedule, rate):
            self.say(hint)

    def _left(self, images_shown: int, rate: float) -> str:
        if not rate:
            return "?"
        return format_duration(self._workload.seconds_left(images_shown, rate))


def describe_schedule(schedule: ScheduleState) -> str:
    """Level and alpha in words."""
    growth = schedule.growth
    state = f"fading in, alpha {growth.alpha:.2f}" if growth.fading else "held"
    return f"{growth.resolution} px {state}"


def format_duration(seconds: float) -> str:
    """Hours and minutes, or minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
