"""The schedule of a run: a pure function of images shown, without state to restore.

Owns `schedule_at`. A level fades in, is stable, then the next one begins (Karras et al. 2018,
appendix A). Counts are of real images shown to the discriminator.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.growth import Growth
from models.resolution import level_of
from training.config.config import TrainingConfig
from training.config.history import config_at
from training.game.ema import decay_of


@dataclass(frozen=True)
class ScheduleState:
    """Schedule of one step: all that depends on images shown.

    Attributes:
        images_shown: real images shown before the step that begins here.
        growth: the active levels and alpha.
        batch_size: images in the step that begins here.
        learning_rate: Adam's, of the generator.
        discriminator_rate: Adam's, of the discriminator.
        penalty_scale: factor on the penalty weight of the run.
        phase: 0 while the first level is stable, 1 and 2 while the next one fades in and is stable,
            and so on.
        phase_end: images shown at which the phase ends.
        level_start: images shown at which the newest level was activated.
        average_decay: decay of the averaged generator in this step, 0 to 1.
        crop: resolution of the crops that both networks are trained on; 0 for whole images.
        consistency: weight of the difference between crops and smaller pictures; 0 for none.
    """

    images_shown: int
    growth: Growth
    batch_size: int
    learning_rate: float
    discriminator_rate: float
    penalty_scale: float
    phase: int
    phase_end: int
    level_start: int
    average_decay: float
    crop: int = 0
    consistency: float = 0.0

    @property
    def judged(self) -> Growth:
        """Growth of the discriminator: a crop is judged as a whole picture of its resolution."""
        return Growth(level_of(self.crop)) if self.crop else self.growth


def level_of_phase(phase: int) -> int:
    """The newest level in a phase of `ScheduleState`, 0 or more."""
    return (phase + 1) // 2


def schedule_at(images_shown: int, config: TrainingConfig) -> ScheduleState:
    """The state of the schedule after `images_shown` real images; after the end, that of the end.

    Raises:
        ValueError: `images_shown` is negative.
    """
    if images_shown < 0:
        raise ValueError(f"images_shown must be 0 or more, not {images_shown}")
    config = config_at(config, images_shown)
    start = level_start = 0
    level, growth, phase = 0, Growth(0), 0
    for level, plan in enumerate(config.levels):
        level_start, fade_end = start, start + plan.fade_images
        stable_end = fade_end + plan.stable_images
        phase = 2 * level
        growth = Growth(level)
        if images_shown < fade_end:
            growth = Growth(level, (images_shown - level_start) / plan.fade_images)
            phase, start = phase - 1, fade_end
            break
        start = stable_end
        if images_shown < stable_end:
            break
    plan = config.levels[level]
    optimizer = config.optimizer
    up, down = optimizer.warm_up_images, optimizer.cool_down_images
    rise = min(1.0, (images_shown + 1) / up) if up else 1.0
    ahead = max(0, config.total_images - images_shown)
    fall = min(1.0, ahead / down) if down else 1.0
    rate = plan.learning_rate * min(rise, fall)
    other = plan.learning_rate * (rise if optimizer.cool_down == "generator" else min(rise, fall))
    return ScheduleState(
        images_shown=images_shown,
        growth=growth,
        batch_size=plan.batch_size,
        learning_rate=rate,
        discriminator_rate=other * optimizer.discriminator_rate,
        penalty_scale=plan.penalty_scale,
        phase=phase,
        phase_end=start,
        level_start=level_start,
        average_decay=decay_of(config, level, images_shown, level_start),
        crop=plan.crop,
        consistency=plan.consistency,
    )
