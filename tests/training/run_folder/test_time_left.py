"""Time left of a growing network, and rates that collapse."""

from dataclasses import replace

import pytest

from models.families.progan.config import ProganConfig
from models.growth import Growth
from training.config.config import LevelPlan, TrainingConfig
from training.game.schedule import ScheduleState, schedule_at
from training.run_folder import time_left
from training.run_folder.time_left import STEP_OVERHEAD, RateWatch, Workload


@pytest.mark.parametrize(
    ("images_shown", "rate", "seconds"),
    [
        (50, 10.0, 5 + 90),  # 50 cheap images, then 100 that cost nine times as much
        (100, 10.0, 90),  # the rate is that of the level before
        (101, 10.0, 9.9),
        (200, 10.0, 0),
        (0, 10.0, 10 + 90),
        (250, 10.0, 0),
    ],
)
def test_images_are_weighed_by_their_level(images_shown: int, rate: float, seconds: float) -> None:
    """A rate counts for the level at which it was measured."""
    workload = Workload((100, 200), (1.0, 9.0))

    assert workload.seconds_left(images_shown, rate) == pytest.approx(seconds)


def test_a_level_without_images_costs_nothing() -> None:
    """As where a run begins at full size."""
    workload = Workload((0, 0, 100), (1.0, 9.0, 81.0))

    assert workload.until(100) == 8_100
    assert workload.seconds_left(0, 10.0) == 10


def test_small_batches_cost_more_for_each_image(config: TrainingConfig) -> None:
    """A step has an overhead of its own, whatever its size."""
    larger = [replace(plan, batch_size=2 * plan.batch_size) for plan in config.levels]

    costs = Workload.of(config).costs
    halved = Workload.of(replace(config, levels=tuple(larger))).costs

    for cost, half, plan in zip(costs, halved, config.levels, strict=True):
        assert cost - half == pytest.approx(STEP_OVERHEAD / plan.batch_size / 2)


def test_the_workload_follows_the_schedule(config: TrainingConfig) -> None:
    """One cost for fade and hold of a level, changing where the schedule changes the level."""
    workload = Workload.of(config)

    levels = [schedule_at(n, config).growth.level for n in range(config.total_images)]

    assert workload.ends == (24, 72)
    assert [workload.cost_at(n) for n in range(72)] == [workload.costs[level] for level in levels]


def at_level(level: int) -> ScheduleState:
    """Of a run that holds that level."""
    config = TrainingConfig(
        preset="tiny",
        network=ProganConfig(8, latent_size=8, fmap_base=32, fmap_max=8),
        levels=(LevelPlan(4, 0, 24, 4), LevelPlan(8, 0, 24, 4)),
    )
    schedule = schedule_at(24 * level, config)
    assert schedule.growth == Growth(level)
    return schedule


def test_a_collapse_is_noticed_once_at_each_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """Far below the best at that level, while more processes want cores than there are."""
    monkeypatch.setattr(time_left, "load_average", lambda: 5.0)
    monkeypatch.setattr(time_left, "available_threads", lambda: 2)
    rates = RateWatch()

    told = [bool(rates.hint(at_level(0), rate)) for rate in (90, 300, 110, 99, 10)]
    later = [bool(rates.hint(at_level(1), rate)) for rate in (30, 20, 9, 8)]

    assert told == [False, False, False, True, False]
    assert later == [False, False, True, False]


def test_a_machine_that_is_idle_is_not_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A level may become slow for reasons of its own."""
    monkeypatch.setattr(time_left, "load_average", lambda: 1.5)
    monkeypatch.setattr(time_left, "available_threads", lambda: 2)
    rates = RateWatch()

    assert [rates.hint(at_level(0), rate) for rate in (300, 10)] == ["", ""]


def test_a_system_that_tells_no_load_gives_no_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    """As some platforms do."""

    def unknown() -> tuple[float, float, float]:
        raise OSError

    monkeypatch.setattr("os.getloadavg", unknown)

    assert time_left.load_average() == 0.0
