"""The averaged generator: the one that makes every picture anybody sees.

Owns the exponential moving average of weights (Karras et al. 2018, appendix A).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from training.config.config import TrainingConfig
from training.game.schedule import ScheduleState

RAMP = 0.1  # of the images since the newest level woke up


def decay_of(config: TrainingConfig, moment: ScheduleState, images_shown: int) -> float:
    """How much of the average survives the step that begins after `images_shown`, 0 to 1.

    With a half-life, it is kept to a tenth of the age of the newest level: an average must not
    remember the random weights that a level was born with. What a run took over from a bundle or
    another run was not born in it.
    """
    if config.ema_decay:
        return config.ema_decay
    half_life = config.ema_half_life_images
    if not taken_over(config, moment):
        age = images_shown - moment.level_start + moment.batch_size
        half_life = min(half_life, RAMP * age)
    return 0.5 ** (moment.batch_size / half_life)


def taken_over(config: TrainingConfig, moment: ScheduleState) -> bool:
    """Whether the newest level is the one a run began with: it never faded in, and was held."""
    plan = config.levels[moment.growth.level]
    return bool(config.init_from) and moment.level_start == 0 and not plan.fade_images


@torch.no_grad()
def update_average(average: nn.Module, current: nn.Module, decay: float) -> None:
    """Move every weight of `average` towards `current`, in place."""
    get_ema_multi_avg_fn(decay)(list(average.parameters()), list(current.parameters()), 0)
