"""Where a run stands after so many images: a pure function, with nothing to restore.

Owns `schedule_at`. A level fades in, is held, then the next one begins (Karras et al. 2018,
appendix A). Counts are of real images shown to the discriminator.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.families.progan.growth import Growth
from training.config.config import TrainingConfig


@dataclass(frozen=True)
class ScheduleState:
    """All that varies in time.

    Attributes:
        growth: the awake levels and alpha.
        batch_size: images in the step that begins here.
        learning_rate: Adam's, of the generator.
        discriminator_rate: and of the discriminator.
        penalty_scale: the weight of the penalty, in times that of the run.
        phase: 0 for the first level held, then 1, 2 for the next faded and held, and so on.
        phase_end: images shown at which the phase is over.
        level_start: images shown at which the newest level woke up.
    """

    growth: Growth
    batch_size: int
    learning_rate: float
    discriminator_rate: float
    penalty_scale: float
    phase: int
    phase_end: int
    level_start: int


def schedule_at(images_shown: int, config: TrainingConfig) -> ScheduleState:
    """The moment at which `images_shown` real images have been shown; the last one lasts for ever.

    Raises:
        ValueError: `images_shown` is negative.
    """
    if images_shown < 0:
        raise ValueError(f"images_shown must be 0 or more, not {images_shown}")
    start = began = 0
    level, growth, phase = 0, Growth(0), 0
    for level, plan in enumerate(config.levels):
        began, fade_ends = start, start + plan.fade_images
        held_until = fade_ends + plan.stable_images
        phase = 2 * level
        growth = Growth(level)
        if images_shown < fade_ends:
            growth = Growth(level, (images_shown - began) / plan.fade_images)
            phase, held_until = phase - 1, fade_ends
            start = held_until
            break
        start = held_until
        if images_shown < held_until:
            break
    plan = config.levels[level]
    rise = min(1.0, (images_shown + 1) / config.warm_up_images) if config.warm_up_images else 1.0
    ahead = max(0, config.total_images - images_shown)
    fall = min(1.0, ahead / config.cool_down_images) if config.cool_down_images else 1.0
    rate = plan.learning_rate * min(rise, fall)
    other = plan.learning_rate * (rise if config.cool_down == "generator" else min(rise, fall))
    other *= config.discriminator_rate
    size, scale = plan.batch_size, plan.penalty_scale
    return ScheduleState(growth, size, rate, other, scale, phase, start, began)
