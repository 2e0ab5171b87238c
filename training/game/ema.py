"""The averaged generator, which renders all pictures that are shown or measured.

Owns the exponential moving average (EMA) of weights and buffers (Karras et al. 2018, appendix A).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from training.config.config import TrainingConfig

Move = Callable[[list[Tensor], list[Tensor], int], None]

RAMP = 0.1  # of the images of the newest level


def decay_of(config: TrainingConfig, level: int, images_shown: int, level_start: int) -> float:
    """Decay of the moving average for one step, 0 to 1.

    The half-life is limited to a tenth of the images since the newest level was activated, so that
    the random initial weights of a level soon lose their influence. Weights copied from a bundle or
    another run are not random: there it is a tenth of all images of the level, so that the average
    keeps little of another data set at the end.

    Args:
        config: settings of the step.
        level: the newest one.
        images_shown: before the step.
        level_start: images shown at which `level` was activated.
    """
    if config.average.decay:
        return config.average.decay
    plan = config.levels[level]
    if taken_over(config, level, level_start):
        images = plan.stable_images
    else:
        images = images_shown - level_start + plan.batch_size
    half_life = min(config.average.half_life_images, RAMP * images)
    return 0.5 ** (plan.batch_size / half_life)


def taken_over(config: TrainingConfig, level: int, level_start: int) -> bool:
    """True if a level comes from `--init-from`: active at the start, without a fade-in."""
    return bool(config.init_from) and level_start == 0 and not config.levels[level].fade_images


@torch.no_grad()
def update_average(average: nn.Module, current: nn.Module, decay: float) -> None:
    """Move `average` towards `current`, in place: weights, and buffers such as running means.

    Integer buffers, such as the count of batches in a running mean, are copied.
    """
    move = cast("Move", get_ema_multi_avg_fn(decay))
    move(list(average.parameters()), list(current.parameters()), 0)
    pairs = [*zip(average.buffers(), current.buffers(), strict=True)]
    floating = [pair for pair in pairs if pair[0].is_floating_point()]
    if floating:
        move([old for old, _ in floating], [new for _, new in floating], 0)
    for old, new in pairs:
        if not old.is_floating_point():
            old.copy_(new)
