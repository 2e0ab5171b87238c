"""The quick numbers of a tick: right at the ends, the same each time, cheap by construction."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import wasserstein_distance

from models.families.progan.generator import Generator
from models.growth import Growth
from training.config.config import TrainingConfig
from training.data.stream import Prepared
from training.quality import tick_metrics
from training.quality.tick_metrics import TickMetrics, fade_reals, statistics_of


@pytest.fixture
def average(config: TrainingConfig) -> Generator:
    """An untrained generator of 8 px."""
    return Generator(config.network)


def pictures(
    count: int = 20, size: int = 16, channels: int = 3, seed: int = 0
) -> tick_metrics.Pixels:
    """Random ones."""
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (count, size, size, channels), np.uint8)


def returning(drawn: tick_metrics.Pixels) -> Callable[..., tick_metrics.Pixels]:
    """A rendering that gives these pictures, whatever the seeds."""
    return lambda *_: drawn


def test_a_generator_that_draws_the_data_is_at_its_aim(
    prepared: Prepared, average: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No distance, and all the variety."""
    real = np.asarray(prepared.images(8))[np.random.default_rng(0).permutation(12)]
    monkeypatch.setattr(tick_metrics, "render", returning(real))

    numbers = TickMetrics(prepared, 16).measure(average, Growth(1))

    assert numbers == {"swd": 0.0, "diversity": 1.0, "distinctness": 1.0}


def test_a_generator_that_draws_one_picture_has_collapsed(
    prepared: Prepared, average: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two pictures have some diversity, but each has its double."""
    real = np.asarray(prepared.images(8))
    watch = TickMetrics(prepared, 16)

    monkeypatch.setattr(tick_metrics, "render", returning(np.repeat(real[:1], 12, axis=0)))
    one = watch.measure(average, Growth(1))
    monkeypatch.setattr(tick_metrics, "render", returning(np.repeat(real[:2], 6, axis=0)))
    two = watch.measure(average, Growth(1))

    assert (one["diversity"], one["distinctness"]) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert two["diversity"] == pytest.approx(6 / 11, abs=0.1)  # of 11 others, 6 are different
    assert two["distinctness"] == pytest.approx(0.0, abs=1e-6)


def test_generated_pictures_are_of_the_classes_of_the_real_ones(
    labelled: Prepared, conditional: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One by one, each time: so that rare classes weigh as little on both sides."""
    told: list[object] = []

    def drawing(*asked: object) -> tick_metrics.Pixels:
        told.append(asked[-1])
        return pictures(12, size=8)

    monkeypatch.setattr(tick_metrics, "render", drawing)
    watch = TickMetrics(labelled, 16)
    for _ in range(2):
        watch.measure(Generator(conditional.network), Growth(1))

    labels = labelled.labels()
    assert labels is not None
    assert told == [labels[np.random.default_rng(0).permutation(12)].tolist()] * 2


def test_distances_between_pictures_agree_with_scipy() -> None:
    """Mean over pairs, and median to the nearest."""
    real = pictures()
    points = real.reshape(20, -1).astype(np.float64)
    square = squareform(pdist(points))
    np.fill_diagonal(square, np.inf)

    found = statistics_of(real)

    assert found.mean_distance == pytest.approx(pdist(points).mean(), rel=1e-5)
    assert found.nearest_distance == pytest.approx(np.median(square.min(axis=1)), rel=1e-5)


def test_shadows_give_the_wasserstein_distance_along_each_direction() -> None:
    """As scipy has it for points on a line."""
    (a,), (b,) = (statistics_of(pictures(seed=seed)).projections for seed in (1, 2))

    ours = np.abs(a - b).mean(axis=1)

    assert ours[:8] == pytest.approx([wasserstein_distance(a[k], b[k]) for k in range(8)], rel=1e-4)


@pytest.mark.parametrize(("size", "levels"), [(4, 1), (8, 1), (16, 1), (32, 2), (64, 3)])
def test_every_resolution_can_be_measured(size: int, levels: int) -> None:
    """Pictures below seven pixels are patches themselves; projections are in order."""
    projections = statistics_of(pictures(5, size, 1)).projections

    assert [part.shape for part in projections] == [(128, 5 * 16)] * levels
    assert all((np.diff(part, axis=1) >= 0).all() for part in projections)


def test_the_same_moment_gives_the_same_numbers(prepared: Prepared, average: Generator) -> None:
    """In another process of the same run, too: nothing is kept that matters."""
    kept = TickMetrics(prepared, 16)
    first = kept.measure(average, Growth(1))
    kept.measure(average, Growth(0))

    assert kept.measure(average, Growth(1)) == first
    assert TickMetrics(prepared, 16).measure(average, Growth(1)) == first


def test_while_a_level_fades_in_real_pictures_fade_too(
    prepared: Prepared, average: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a generator that does its best is not blamed."""
    growth = Growth(1, 0.25)
    real = np.asarray(prepared.images(8))[np.random.default_rng(0).permutation(12)]
    monkeypatch.setattr(tick_metrics, "render", returning(fade_reals(real, growth)))

    assert TickMetrics(prepared, 16).measure(average, growth)["swd"] == 0.0
    assert TickMetrics(prepared, 16).measure(average, Growth(1))["swd"] > 1.0


def test_large_pictures_and_short_ticks_are_measured_on_fewer(
    make_prepared: Callable[..., Prepared],
) -> None:
    """Memory and time stay bounded; a set smaller than that is measured whole."""
    many = make_prepared(count=300, resolution=4)

    assert TickMetrics(many, 160_000).count_at(Growth(0)) == 256
    assert TickMetrics(many, 160_000).count_at(Growth(8)) == 21
    assert TickMetrics(many, 1_600).count_at(Growth(0)) == 100
    assert TickMetrics(many, 16).count_at(Growth(0)) == 16


def test_one_picture_has_no_variety_to_measure(
    make_prepared: Callable[..., Prepared], average: Generator
) -> None:
    """Nothing is said rather than something wrong."""
    assert TickMetrics(make_prepared(count=1), 16).measure(average, Growth(1)) == {}


def test_pictures_that_are_not_square_are_measured(
    config: TrainingConfig, make_prepared: Callable[..., Prepared]
) -> None:
    """The same numbers as for squares; the data against itself is at distance 0."""
    wide = make_prepared(base=(4, 6))
    network = replace(config.network, base_width=6)

    numbers = TickMetrics(wide, 100).measure(Generator(network), Growth(1))

    assert numbers.keys() == {"swd", "diversity", "distinctness"}
    assert all(np.isfinite(value) for value in numbers.values())
    pictures = np.array(wide.images(8))
    assert statistics_of(pictures).mean_distance == pytest.approx(
        pdist(pictures.reshape(12, -1)).mean()
    )
