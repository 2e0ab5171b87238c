"""How long work will take, learned from batches."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from service.batching.predictor import PRIOR_SECONDS_PER_PIXEL, BatchFit, WorkPredictor
from service.batching.recipe import Recipe, point_of

FIXED, SMALL, LARGE = 0.010, 0.004, 0.050


def recipes(model: str, *resolutions: int) -> list[Recipe]:
    """One recipe for each resolution."""
    return [Recipe(model, point_of(0), resolution) for resolution in resolutions]


def test_the_fit_finds_the_cost_of_a_batch_and_of_each_resolution() -> None:
    """Mixed batches are told apart by their mixture."""
    fit = BatchFit()
    dice = np.random.default_rng(0)
    for _ in range(60):
        small, large = (int(n) for n in dice.integers(0, 8, 2))
        images = Counter({64: small, 256: large})
        fit.observe(+images, FIXED + SMALL * small + LARGE * large)

    assert pytest.approx((FIXED, SMALL, LARGE), rel=0.05) == (
        fit.fixed,
        fit.per_image(64),
        fit.per_image(256),
    )


def test_the_fit_forgets_a_machine_that_became_slower() -> None:
    """After enough batches only the present counts."""
    fit = BatchFit()
    for seconds in [0.1] * 50 + [0.4] * 300:
        fit.observe(Counter({64: 4}), seconds)

    assert pytest.approx(0.4, rel=0.01) == fit.fixed + 4 * fit.per_image(64)


def test_a_resolution_never_seen_is_guessed_by_its_size() -> None:
    """A guess is better than admitting work that counts as nothing."""
    assert PRIOR_SECONDS_PER_PIXEL * 128**2 == BatchFit().per_image(128)


def test_a_fit_never_predicts_less_than_nothing() -> None:
    """Noise may bend the line below zero; time does not go there."""
    fit = BatchFit()
    for n, seconds in ((1, 0.5), (2, 0.1), (3, 0.0)):
        fit.observe(Counter({64: n}), seconds)

    assert fit.fixed >= 0.0
    assert fit.per_image(64) >= 0.0


def test_one_batch_is_enough_to_predict_the_same_batch() -> None:
    """The prior weighs almost nothing beside an observation."""
    predictor = WorkPredictor()
    batch = recipes("m", 64, 64, 256)
    predictor.observe(batch, 0.2)

    assert pytest.approx(0.2, rel=0.05) == predictor.seconds(batch, max_batch=8)


def test_models_are_learned_apart() -> None:
    """A slow model does not make a fast one look slow."""
    predictor = WorkPredictor()
    predictor.observe(recipes("slow", 64), 5.0)
    before = predictor.image_seconds(recipes("fast", 64)[0])
    predictor.observe(recipes("fast", 64), 0.01)

    assert PRIOR_SECONDS_PER_PIXEL * 64**2 == before
    assert predictor.seconds(recipes("fast", 64), max_batch=1) < 0.05


def test_the_fixed_cost_counts_once_for_each_batch() -> None:
    """Nine images in batches of four are three batches."""
    predictor = WorkPredictor()
    for n in (1, 2, 3, 4, 8) * 20:
        predictor.observe(recipes("m", *[64] * n), FIXED + SMALL * n)

    nine = predictor.seconds(recipes("m", *[64] * 9), max_batch=4)

    assert pytest.approx(3 * FIXED + 9 * SMALL, rel=0.05) == nine


def test_no_work_takes_no_time() -> None:
    """An empty queue is worth nothing."""
    assert WorkPredictor().seconds([], max_batch=4) == 0.0


def test_a_model_that_is_gone_is_forgotten() -> None:
    """Another network of its name is guessed anew."""
    predictor = WorkPredictor()
    predictor.observe(recipes("m", 64), 5.0)
    predictor.forget("m")
    predictor.forget("m")

    assert PRIOR_SECONDS_PER_PIXEL * 64**2 == predictor.image_seconds(recipes("m", 64)[0])


def test_its_costs_can_be_told_to_another_process() -> None:
    """Those that were measured."""
    predictor = WorkPredictor()
    for _ in range(200):
        predictor.observe([Recipe("m", point_of(1), 32)] * 2, 0.5)
    ((model, (fixed, by_resolution)),) = predictor.costs().items()

    assert model == "m"
    assert fixed + 2 * by_resolution[32] == pytest.approx(0.5, abs=0.01)
