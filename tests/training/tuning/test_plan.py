"""The plan of a trial: its time ends at the resolution at which trials are compared."""

import pytest

from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.config.presets import PRESETS
from training.data.stream import Prepared
from training.tuning.plan import (
    growing_seconds,
    measure_costs,
    plan_at,
    reached_resolution,
    shown_resolutions,
    trial_plan,
)

COSTS = {4: 0.001, 8: 0.002, 16: 0.004, 32: 0.008, 64: 0.016, 128: 0.032}
PERSONAS = PRESETS["personas-128"]


@pytest.mark.parametrize("budget", [1.0, 30.0, 1000.0])
@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0])
def test_at_any_speed_the_time_ends_in_the_stable_phase(budget: float, speed: float) -> None:
    """And at most 0.6 of it passes before, but for rounding up to whole images."""
    costs = {resolution: cost * speed for resolution, cost in COSTS.items()}

    config = trial_plan(PERSONAS, costs, 16, budget)

    assert config.network.resolution == 16
    growing = growing_seconds(config, costs, 16)
    assert growing <= 0.6 * budget + 6 * costs[16]
    assert config.total_images * min(costs.values()) > budget
    assert config.levels[-1].stable_images * costs[16] >= 10 * budget
    assert config.optimizer.cool_down_images == 0


def test_no_phase_is_longer_than_the_presets() -> None:
    """A long time goes to the stable phase of the resolution."""
    config = trial_plan(PERSONAS, COSTS, 16, 1e6)

    assert config.levels[:2] == PERSONAS.levels[:2]
    assert config.levels[2].fade_images == PERSONAS.levels[2].fade_images


def test_trials_at_4_px_have_an_unused_level_above() -> None:
    """No network is smaller than 8 px."""
    config = trial_plan(PERSONAS, COSTS, 4, 5.0)

    assert [plan.resolution for plan in config.levels] == [4, 8]
    assert config.levels[1].stable_images == config.levels[1].fade_images == 0


def test_the_largest_resolution_that_the_preset_reaches_in_time() -> None:
    """Without measuring the cost of larger levels than are needed."""
    taken: list[int] = []

    def costs():  # noqa: ANN202 - a generator
        for resolution, cost in COSTS.items():
            taken.append(resolution)
            yield resolution, cost

    # Stable at 8 px after 10 + 20 s, at 16 px after 40 + 60 s more.
    assert reached_resolution(PERSONAS, costs(), 60.0) == 8
    assert taken == [4, 8, 16]
    assert reached_resolution(PERSONAS, COSTS.items(), 1e9) == 128
    assert reached_resolution(PERSONAS, COSTS.items(), 0.001) == 4


def test_costs_are_measured_with_whole_steps(config: TrainingConfig, prepared: Prepared) -> None:
    """One for each level."""
    costs = dict(measure_costs(config, prepared, shown_resolutions(config)))

    assert [*costs] == [4, 8]
    assert min(costs.values()) > 0


def test_a_level_that_is_not_there_or_shows_nothing_is_refused(config: TrainingConfig) -> None:
    """With those that there are."""
    with pytest.raises(ConfigError, match="--resolution is one of 4, 8, not 16"):
        plan_at(config, 16)
