"""The averaged generator: the one that makes every picture anybody sees.

Owns the exponential moving average of weights (Karras et al. 2018, appendix A).
"""

from __future__ import annotations

import torch
from torch import nn

from training.config import TrainingConfig


def decay_of(config: TrainingConfig, batch_size: int) -> float:
    """How much of the average survives one step of `batch_size` images, 0 to 1."""
    if config.ema_decay:
        return config.ema_decay
    return 0.5 ** (batch_size / config.ema_half_life_images)


@torch.no_grad()
def update_average(average: nn.Module, current: nn.Module, decay: float) -> None:
    """Move every weight of `average` towards `current`, in place."""
    torch._foreach_lerp_(  # noqa: SLF001 - the public foreach spelling has no lerp
        list(average.parameters()), list(current.parameters()), 1.0 - decay
    )
