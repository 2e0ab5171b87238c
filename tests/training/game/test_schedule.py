"""The schedule, at every edge by hand, and its properties for any plan."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.families.progan.config import ProganConfig
from models.growth import Growth
from tests.training.settings import with_values
from training.config.config import LevelPlan, TrainingConfig
from training.game.schedule import ScheduleState, level_of_phase, schedule_at


@pytest.fixture(scope="session")
def three_levels() -> TrainingConfig:
    """100 images at 4 px; 40 and 60 at 8 px; 50 and 30 at 16 px."""
    return TrainingConfig(
        preset="three",
        network=ProganConfig(16, latent_size=8, fmap_base=64, fmap_max=8),
        levels=(
            LevelPlan(4, 0, 100, 10, 0.001),
            LevelPlan(8, 40, 60, 8, 0.002),
            LevelPlan(16, 50, 30, 4, 0.003),
        ),
    )


@pytest.mark.parametrize(
    ("images_shown", "level", "alpha", "batch", "rate", "phase", "phase_end", "level_start"),
    [
        (0, 0, 1.0, 10, 0.001, 0, 100, 0),
        (99, 0, 1.0, 10, 0.001, 0, 100, 0),
        (100, 1, 0.0, 8, 0.002, 1, 140, 100),
        (110, 1, 0.25, 8, 0.002, 1, 140, 100),
        (120, 1, 0.5, 8, 0.002, 1, 140, 100),
        (139, 1, 39 / 40, 8, 0.002, 1, 140, 100),
        (140, 1, 1.0, 8, 0.002, 2, 200, 100),
        (199, 1, 1.0, 8, 0.002, 2, 200, 100),
        (200, 2, 0.0, 4, 0.003, 3, 250, 200),
        (225, 2, 0.5, 4, 0.003, 3, 250, 200),
        (249, 2, 49 / 50, 4, 0.003, 3, 250, 200),
        (250, 2, 1.0, 4, 0.003, 4, 280, 200),
        (279, 2, 1.0, 4, 0.003, 4, 280, 200),
        (280, 2, 1.0, 4, 0.003, 4, 280, 200),
        (10**12, 2, 1.0, 4, 0.003, 4, 280, 200),
    ],
)
def test_every_edge_is_where_the_plan_says(
    three_levels: TrainingConfig,
    images_shown: int,
    level: int,
    alpha: float,
    batch: int,
    rate: float,
    phase: int,
    phase_end: int,
    level_start: int,
) -> None:
    """A phase begins with the image at its start, and the last one lasts for ever."""
    moment = (images_shown, Growth(level, alpha), batch, rate, rate, 1.0)
    half_life = min(10_000.0, 0.1 * (images_shown - level_start + batch))
    decay = 0.5 ** (batch / half_life)

    assert schedule_at(images_shown, three_levels) == ScheduleState(
        *moment, phase, phase_end, level_start, decay
    )


def test_a_level_without_a_fade_is_active_at_once(three_levels: TrainingConfig) -> None:
    """Its fading phase is left out of the numbers too."""
    first, second, third = three_levels.levels
    config = replace(three_levels, levels=(first, replace(second, fade_images=0), third))

    schedule = schedule_at(100, config)

    assert (schedule.growth, schedule.phase, schedule.phase_end) == (Growth(1), 2, 160)


def test_a_level_without_images_is_passed_over(three_levels: TrainingConfig) -> None:
    """A run may begin by fading in its second level."""
    first, second, third = three_levels.levels
    config = replace(three_levels, levels=(replace(first, stable_images=0), second, third))

    assert schedule_at(0, config).growth == Growth(1, 0.0)


def test_a_run_that_ends_with_a_fade_ends_finished(three_levels: TrainingConfig) -> None:
    """After the last image of the plan, the top level is heard alone."""
    first, second, third = three_levels.levels
    config = replace(three_levels, levels=(first, second, replace(third, stable_images=0)))

    assert schedule_at(249, config).growth == Growth(2, 49 / 50)
    assert schedule_at(250, config).growth == Growth(2)


def same_but_for_rates(first: ScheduleState, second: ScheduleState) -> bool:
    """Growth, batch and phase."""
    rates = {"learning_rate": 0.0, "discriminator_rate": 0.0}
    return replace(first, **rates) == replace(second, **rates)


@pytest.mark.parametrize(
    ("images_shown", "share"), [(0, 1 / 80), (39, 40 / 80), (79, 1.0), (80, 1.0), (500, 1.0)]
)
def test_the_learning_rate_warms_up(
    three_levels: TrainingConfig, images_shown: int, share: float
) -> None:
    """From just above nothing, in a straight line."""
    warm = schedule_at(images_shown, with_values(three_levels, warm_up_images=80))
    cold = schedule_at(images_shown, three_levels)

    assert warm.learning_rate == pytest.approx(cold.learning_rate * share)
    assert warm.discriminator_rate == warm.learning_rate
    assert same_but_for_rates(warm, cold)


@pytest.mark.parametrize(
    ("images_shown", "share"), [(0, 1.0), (200, 1.0), (220, 0.75), (279, 1 / 80), (280, 0.0)]
)
def test_the_learning_rate_falls_to_nothing_at_the_end(
    three_levels: TrainingConfig, images_shown: int, share: float
) -> None:
    """In a straight line, over the last images of the run."""
    cool = schedule_at(images_shown, with_values(three_levels, cool_down_images=80))
    level = schedule_at(images_shown, three_levels)

    assert cool.learning_rate == pytest.approx(level.learning_rate * share)
    assert cool.discriminator_rate == cool.learning_rate
    assert same_but_for_rates(cool, level)


@pytest.mark.parametrize(("images_shown", "share"), [(0, 1.0), (220, 0.75), (280, 0.0)])
def test_the_generator_may_cool_down_alone(
    three_levels: TrainingConfig, images_shown: int, share: float
) -> None:
    """The discriminator keeps the rate it has: so many times the generator's, before it fell."""
    config = with_values(
        three_levels, cool_down_images=80, cool_down="generator", discriminator_rate=3.0
    )
    cool, level = (schedule_at(images_shown, each) for each in (config, three_levels))

    assert cool.learning_rate == pytest.approx(level.learning_rate * share)
    assert cool.discriminator_rate == pytest.approx(level.learning_rate * 3)
    assert same_but_for_rates(cool, level)


def test_nothing_comes_before_the_start(three_levels: TrainingConfig) -> None:
    """A negative count is a mistake of the caller."""
    with pytest.raises(ValueError, match="images_shown must be 0 or more, not -1"):
        schedule_at(-1, three_levels)


# ----------------------------------------------------------------------------------------
# For any plan


@st.composite
def configs(draw: st.DrawFn) -> TrainingConfig:
    """Plans of two to five levels."""
    count = draw(st.integers(2, 5))
    images, batches = st.integers(0, 50), st.integers(1, 16)
    plans = [LevelPlan(4, 0, draw(st.integers(1, 50)), draw(batches))]
    plans += [
        LevelPlan(4 << level, draw(images), draw(images), draw(batches))
        for level in range(1, count)
    ]
    network = ProganConfig(2 << count, fmap_base=1024, fmap_max=8)
    return TrainingConfig(preset="any", network=network, levels=tuple(plans))


@given(configs(), st.integers(0, 600))
def test_the_schedule_is_a_pure_function(config: TrainingConfig, images_shown: int) -> None:
    """Whatever was asked before."""
    first = schedule_at(images_shown, config)
    schedule_at(images_shown // 2, config)

    assert schedule_at(images_shown, config) == first


@given(configs())
def test_networks_only_ever_grow(config: TrainingConfig) -> None:
    """Levels and phases never go back, nor alpha within a level; the end is the top level alone."""
    moments = [schedule_at(images, config) for images in range(config.total_images + 1)]
    steps = [(m.growth.level, m.growth.alpha, m.phase, m.phase_end) for m in moments]

    assert all(level_of_phase(m.phase) == m.growth.level for m in moments)
    assert steps == sorted(steps)
    assert moments[-1].growth == Growth(config.network.top_level)


@given(configs(), st.integers(0, 600))
def test_every_moment_follows_its_level_plan(config: TrainingConfig, images_shown: int) -> None:
    """Batch and learning rate are those of the newest level; alpha lies from 0 to 1."""
    schedule = schedule_at(images_shown, config)
    plan = config.levels[schedule.growth.level]

    assert (schedule.batch_size, schedule.learning_rate) == (plan.batch_size, plan.learning_rate)
    assert 0.0 <= schedule.growth.alpha <= 1.0
    assert images_shown < schedule.phase_end or images_shown >= config.total_images


@given(configs())
def test_a_phase_ends_where_it_says(config: TrainingConfig) -> None:
    """The image before still belongs to it, the one after to the next."""
    images_shown = 0
    while images_shown < config.total_images:
        schedule = schedule_at(images_shown, config)
        assert schedule_at(schedule.phase_end - 1, config).phase == schedule.phase
        if schedule.phase_end < config.total_images:
            assert schedule_at(schedule.phase_end, config).phase > schedule.phase
        images_shown = schedule.phase_end
