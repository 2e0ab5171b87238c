"""The plan of a trial: how many images it shows at each level, so that its time ends at the top.

Owns the measurement of processor seconds per image, the choice of the resolution at which trials
are compared, and the configuration of a trial. Each trial is planned by its own speed: all of them
spend about the same part of their time at each level, whatever their width and batch.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import torch

from models.growth import Growth
from models.resolution import MIN_RESOLUTION, level_of
from training.config.config import TrainingConfig
from training.config.groups import ConfigError, LevelPlan
from training.data.stream import ImageStream, Prepared
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.game.step import take_step

TRIAL_DEVICE = torch.device("cpu")
MEASURED_STEPS = 3  # at each level, after one that is not counted
GROWTH_SHARE = 0.6  # of the time of a trial, at most, before the top level is stable
SPARE = 10  # times as many images at the top level as are expected, so that the time ends first
TRIAL_TICKS = 8  # in the time of a trial, if all of it is spent at the top level

Costs = Mapping[int, float]  # resolution -> processor seconds for each image


def measure_costs(
    config: TrainingConfig, prepared: Prepared, resolutions: Iterable[int]
) -> Iterator[tuple[int, float]]:
    """Yield each resolution with its processor seconds per image, from a few whole steps.

    Args:
        config: with a known precision.
        prepared: the training set.
        resolutions: of levels of the network.
    """
    stream = ImageStream(prepared, config.seed)
    state = TrainingState.create(config, TRIAL_DEVICE)
    for resolution in resolutions:
        plan = plan_at(config, resolution)
        schedule = replace(
            schedule_at(0, config),
            growth=Growth(level_of(resolution)),
            batch_size=plan.batch_size,
            learning_rate=1e-6,  # any weights take the same time, and these stay finite
            discriminator_rate=1e-6,
        )
        pixels = stream.batch(resolution, 0, plan.batch_size)
        labels = stream.labels(0, plan.batch_size)
        began = 0.0
        for step in range(1 + MEASURED_STEPS):
            began = began if step > 1 else time.process_time()
            take_step(state, schedule, config, pixels, labels)
        yield resolution, (time.process_time() - began) / (MEASURED_STEPS * plan.batch_size)


def plan_at(config: TrainingConfig, resolution: int) -> LevelPlan:
    """Plan of one level.

    Raises:
        ConfigError: there is no such level, or it shows no images.
    """
    for plan in config.levels:
        if plan.resolution == resolution:
            if top_images(plan):
                return plan
            raise ConfigError(f"the preset shows no images at {resolution} px")
    offered = ", ".join(str(plan.resolution) for plan in config.levels)
    raise ConfigError(f"--resolution is one of {offered}, not {resolution}")


def shown_resolutions(config: TrainingConfig) -> list[int]:
    """Resolutions of the levels that show images."""
    return [plan.resolution for plan in config.levels if top_images(plan)]


def top_images(plan: LevelPlan) -> int:
    """Images of the stable phase of a level, or of its fade if it has no stable phase."""
    return plan.stable_images or plan.fade_images


def growing_seconds(config: TrainingConfig, costs: Costs, resolution: int) -> float:
    """Processor seconds of the preset's plan until `resolution` is stable."""
    levels = [plan for plan in config.levels if plan.resolution <= resolution]
    return sum(
        costs[plan.resolution]
        * (plan.fade_images + (plan.stable_images if plan.resolution < resolution else 0))
        for plan in levels
        if top_images(plan)
    )


def reached_resolution(
    config: TrainingConfig, costs: Iterable[tuple[int, float]], budget: float
) -> int:
    """Largest resolution that is stable within `budget` processor seconds of the preset's plan.

    Takes no more of `costs`, from the lowest resolution on, than it needs.
    """
    measured: dict[int, float] = {}
    reached = 0
    for resolution, cost in costs:
        measured[resolution] = cost
        if reached and growing_seconds(config, measured, resolution) >= budget:
            break
        reached = resolution
    return reached


def trial_plan(
    config: TrainingConfig, costs: Costs, resolution: int, budget: float
) -> TrainingConfig:
    """Configuration of a trial that ends in the stable phase of `resolution`.

    Every phase of the preset up to there is shortened by one factor, such that the plan fits
    `budget` processor seconds and at most 0.6 of them pass before `resolution` is stable; no phase
    is longer than the preset's. The stable phase is open: the time ends it. So nothing cools down.
    """
    top = plan_at(config, resolution)
    growing = growing_seconds(config, costs, resolution)
    whole = growing + top_images(top) * costs[resolution]
    factor = min(1.0, budget / whole, GROWTH_SHARE * budget / growing if growing else 1.0)
    kept = [plan for plan in config.levels if plan.resolution <= max(resolution, MIN_RESOLUTION)]
    network = replace(config.network, resolution=kept[-1].resolution)
    open_end = math.ceil(SPARE * budget / costs[resolution]) + top.batch_size

    def shortened(plan: LevelPlan) -> LevelPlan:
        if plan.resolution > resolution:
            return replace(plan, fade_images=0, stable_images=0)
        fade, stable = (
            math.ceil(factor * images) for images in (plan.fade_images, plan.stable_images)
        )
        return replace(
            plan,
            fade_images=fade,
            stable_images=open_end if plan.resolution == resolution else stable,
        )

    warm_up = math.ceil(factor * config.optimizer.warm_up_images)
    return replace(
        config,
        network=network,
        levels=tuple(map(shortened, kept)),
        optimizer=replace(config.optimizer, warm_up_images=warm_up, cool_down_images=0),
        tick_images=max(top.batch_size, round(budget / TRIAL_TICKS / costs[resolution])),
    )
