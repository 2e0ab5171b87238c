"""The random places of the crops that a step is trained on.

Owns their draw. What a crop is, is in `models.crops`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from models.crops import Crops
from training.distributed import Processes
from training.game.schedule import ScheduleState
from training.game.settings import StepSettings
from training.objectives.rng import Stream, generator_at, uniform


def crops_at(config: StepSettings, schedule: ScheduleState, processes: Processes) -> Crops | None:
    """Crops of this process's share of a batch; None if the level is trained on whole images.

    A real image and its fake counterpart have the same place. Its centre is uniform over the image,
    and a crop that would reach beyond an edge lies at that edge, so that edges are seen as often as
    the middle.
    """
    if not schedule.crop:
        return None
    source = generator_at(config.seed, Stream.CROPS, schedule.images_shown)
    drawn = processes.shard(uniform(source, schedule.batch_size, 2))
    centres = cast("list[tuple[float, float]]", drawn.tolist())
    empty = Crops(schedule.crop, schedule.growth.level, config.network.base, ())
    corners = [
        (_corner(y, empty.room[0], empty.window[0]), _corner(x, empty.room[1], empty.window[1]))
        for y, x in centres
    ]
    return replace(empty, corners=corners)


def _corner(centre: float, places: int, side: int) -> int:
    """Corner of a crop of this side, with its centre at this share of the image's side."""
    return min(max(int(centre * (places + side)) - side // 2, 0), places - 1)
