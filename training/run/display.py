"""Progress of a run: a live bar in a terminal, plain lines in a log.

Owns the display and nothing of the training.
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
    """The progress of one run; use it as a context.

    Args:
        total_images: of the whole run.
        console: where to write; the standard output unless given.
        workload: weighs images for the time left; all cost the same without it.
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
        """The display of a run, which knows what each of its levels costs."""
        return cls(config.total_images, workload=Workload.of(config))

    @classmethod
    def silent(cls, total_images: int) -> Self:
        """One that shows nothing: of the processes of a run, only the first one speaks."""
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
        """One line that stays."""
        self.console.print(text, markup=False, emoji=False)

    def update(self, schedule: ScheduleState, images_shown: int, rate: float) -> None:
        """Move the bar; cheap, called every step."""
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
        """Say where the run stands, for a log, and what to do if its rate has collapsed."""
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
