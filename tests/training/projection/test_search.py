"""The search: the picture of a known seed is found again, and each search is repeatable."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch

from models.family import ImageGenerator
from models.latent import latent_of
from models.pixels import from_pixels
from tests.service.styled_models import styled_generator
from tests.training.test_generation import network
from training.generation import LatentPoint, Sampler
from training.projection.search import Projection, SearchEffort, project
from training.quality.features import load_efficientnet, weights_path

RESOLUTIONS = (4, 8, 16)
EFFORT = SearchEffort(candidates=32, starts=4, steps=80)


def picture_of_seed(sampler: Sampler, seed: int) -> torch.Tensor:
    """Its picture as a target `[1, C, H, W]`."""
    return from_pixels(torch.from_numpy(sampler.picture(seed))[None])


@pytest.mark.parametrize(
    ("build", "error"),
    [(partial(network, 0), 0.02), (partial(network, 3), 0.02), (styled_generator, 0.05)],
    ids=["latents", "classes", "styles"],
)
def test_the_picture_of_a_known_seed_is_found_again(
    build: Callable[[], ImageGenerator], error: float
) -> None:
    """Nearer than any candidate, which the search does not know, and with the class of the seed.

    A descent of few steps ends near the picture, not at it: a mean squared difference of 0.02 in
    units of [-1, 1] is a fourteenth of these units.
    """
    sampler = Sampler(build(), 16)
    target = picture_of_seed(sampler, 5)

    found = project(sampler, target, RESOLUTIONS, effort=EFFORT)

    none = SearchEffort(candidates=32, starts=4, steps=0)
    nearest = project(sampler, target, RESOLUTIONS, effort=none)
    assert found.pixel_error < error
    assert found.pixel_error < nearest.pixel_error / 3
    assert found.point.label == sampler.point_of(5).label
    ours = from_pixels(torch.from_numpy(sampler.picture(found.point))[None])
    assert found.pixel_error == pytest.approx(float((ours - target).square().mean()), rel=1e-4)


def test_the_same_search_gives_the_same_point() -> None:
    """Byte for byte; other candidates give another one. Every step is reported."""
    sampler = Sampler(network(0), 16)
    target = picture_of_seed(sampler, 5)
    effort, steps = SearchEffort(20, 2, 4), list[tuple[int, int]]()

    def search(seed: int) -> Projection:
        return project(
            sampler,
            target,
            RESOLUTIONS,
            seed=seed,
            effort=effort,
            on_progress=lambda done, total: steps.append((done, total)),
        )

    first, again, other = search(1), search(1), search(2)

    assert np.array_equal(first.point.vector, again.point.vector)
    assert not np.array_equal(first.point.vector, other.point.vector)
    assert steps[: len(steps) // 3] == [(n, 30) for n in range(1, 31)]


def test_features_are_measured_where_there_is_a_network() -> None:
    """And are part of the loss."""
    sampler = Sampler(network(0), 8)
    frozen = load_efficientnet(weights_path(), torch.device("cpu"))
    effort = SearchEffort(4, 1, 2)

    found = project(sampler, picture_of_seed(sampler, 5), (4, 8), effort=effort, network=frozen)

    assert found.feature_distance is not None
    assert found.feature_distance > 0.0
    assert found.loss == found.pixel_error + found.feature_distance


def test_a_class_is_kept() -> None:
    """That of the sampler, whatever the target shows."""
    sampler = Sampler(network(3), 16, label=1)
    target = picture_of_seed(Sampler(network(3), 16), 5)

    found = project(sampler, target, RESOLUTIONS, effort=SearchEffort(8, 2, 2))

    assert found.point.label == 1


def test_a_lone_resolution_above_the_small_view_is_enough() -> None:
    """Some models have no small pictures."""
    sampler = Sampler(network(0), 16)
    point = LatentPoint(latent_of(3, 8))

    found = project(sampler, picture_of_seed(sampler, 3), (16,), effort=SearchEffort(4, 1, 2))

    assert found.point.vector.shape == point.vector.shape
