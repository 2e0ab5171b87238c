"""Where a projection begins: points of random seeds, and the region that they lie in."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.latent import MAX_SEED, latent_of
from tests.service.styled_models import styled_generator
from tests.training.test_generation import network
from training.generation import Sampler
from training.projection.candidates import Region, candidate_seeds, is_styled, points_of, region_of


def test_candidates_are_drawn_by_the_seed_of_the_search() -> None:
    """The same ones each time, and a longer list begins with a shorter one."""
    seeds = candidate_seeds(1, 50)

    assert len(set(seeds)) == 50
    assert all(0 <= seed <= MAX_SEED for seed in seeds)
    assert candidate_seeds(1, 20) == seeds[:20]
    assert not set(candidate_seeds(MAX_SEED, 50)) & set(seeds)


def test_latents_keep_the_lengths_of_seeds() -> None:
    """Between the shortest and the longest one."""
    sampler = Sampler(network(0), 16)
    seeds = candidate_seeds(1, 20)

    points = points_of(sampler, seeds)
    region = region_of(sampler, points)

    lengths = [float(np.linalg.norm(latent_of(seed, 8))) for seed in seeds]
    assert not is_styled(sampler)
    assert region.centre.tolist() == [0.0] * 8
    assert (region.nearest, region.farthest) == pytest.approx((min(lengths), max(lengths)))


def test_styles_lie_around_their_mean() -> None:
    """Which is a point of the region itself, in units of their deviation."""
    sampler = Sampler(styled_generator(), 16)
    points = points_of(sampler, candidate_seeds(1, 20))

    region = region_of(sampler, points)

    vectors = np.stack([point.vector for point in points])
    assert is_styled(sampler)
    assert region.centre.numpy() == pytest.approx(vectors.mean(axis=0), abs=1e-5)
    assert region.unit == pytest.approx(vectors.std(axis=0, ddof=1).mean(), rel=1e-4)
    assert region.nearest == 0.0
    assert torch.equal(region.limited(region.centre), region.centre)


def test_points_outside_are_moved_to_the_edge() -> None:
    """On the line to the centre."""
    region = Region(torch.tensor([1.0, 0.0]), unit=1.0, nearest=2.0, farthest=3.0)
    points = torch.tensor([[1.0, 9.0], [1.0, 0.5], [3.5, 0.0]])

    limited = [region.limited(point).tolist() for point in points]

    assert limited == [[1.0, 3.0], [1.0, 2.0], [3.5, 0.0]]
