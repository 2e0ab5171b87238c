"""The penalty of one step: its weight, and the random numbers it needs.

Owns `penalty_at`. How a slope is taken is in `slopes.py`, what a game makes of it in `losses.py`.
"""

from __future__ import annotations

import math
from dataclasses import replace

from training.config.config import TrainingConfig
from training.game.schedule import ScheduleState
from training.game.state import TrainingState
from training.objectives.gradient_penalty import Penalty, penalised_count
from training.objectives.losses import OBJECTIVES
from training.objectives.rng import Stream, generator_at, normal, uniform


def penalty_at(
    images_shown: int, config: TrainingConfig, moment: ScheduleState, players: TrainingState
) -> Penalty:
    """The penalty of this step; R1 and R2 weights follow the rule of StyleGAN2-ADA."""
    weight, together = config.penalty_weight * moment.penalty_scale, players.together
    size = config.network.size_at(moment.growth.resolution)
    if OBJECTIVES[config.objective].scales_with_image:
        weight *= math.prod(size) / moment.batch_size
    source = generator_at(config.seed, Stream.PENALTY, images_shown)
    mix = together.shard(uniform(source, moment.batch_size, 1, 1, 1)).to(players.device)
    penalty = Penalty(
        *(weight, config.penalty_share, config.penalty_target, config.drift, mix),
        processes=together.count,
    )
    if config.penalty == "exact":
        return penalty
    source = generator_at(config.seed, Stream.PENALTY_NOISE, images_shown)
    count = penalised_count(moment.batch_size, config.penalty_share)
    noise = normal(source, 2, count, config.network.channels, *size)
    noise = noise[:, together.share].to(players.device)
    return replace(penalty, kind=config.penalty, sigma=config.penalty_sigma, noise=noise)
