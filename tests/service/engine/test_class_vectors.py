"""Classes on their way into the stem: asked for, brought by a seed, and between two seeds."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.families.progan.generator import conditioned
from models.latent import label_of
from models.layers import pixel_norm
from service.batching.recipe import Point, Recipe, point_of
from service.engine.class_vectors import ClassVectors, class_vectors_of

NAMES = ("cat", "dog", "cow")
SEEDS = (0, 1)  # of two classes


@pytest.fixture
def embedding() -> nn.Embedding:
    """Three vectors of four numbers."""
    source = torch.Generator().manual_seed(1)
    return nn.Embedding.from_pretrained(torch.randn(3, 4, generator=source))


@pytest.fixture
def classes(embedding: nn.Embedding) -> ClassVectors:
    """Their names, too."""
    return ClassVectors(embedding, NAMES)


@pytest.mark.parametrize("place", range(3))
def test_a_label_is_the_vector_at_its_place(
    classes: ClassVectors, embedding: nn.Embedding, place: int
) -> None:
    """Whatever the seed, also on the way between two."""
    for point in (point_of(3), Point(*SEEDS, 0.5)):
        vector = classes.vector_of(Recipe("m", point, 8, NAMES[place]))
        assert torch.equal(vector, embedding.weight[place])


def test_a_seed_brings_its_own_class(classes: ClassVectors, embedding: nn.Embedding) -> None:
    """By the frozen rule."""
    for seed in range(20):
        vector = classes.vector_of(Recipe("m", point_of(seed), 8))
        assert torch.equal(vector, embedding.weight[label_of(seed, 3)])


def test_between_two_seeds_the_way_leads_straight_between_their_classes(
    classes: ClassVectors, embedding: nn.Embedding
) -> None:
    """Both of the same weight; at the beginning it is exactly the first."""
    start, end = (label_of(seed, 3) for seed in SEEDS)
    assert start != end
    ends = pixel_norm(embedding.weight)

    at = [classes.vector_of(Recipe("m", Point(*SEEDS, t), 8)) for t in (0.0, 0.25)]

    assert torch.equal(at[0], embedding.weight[start])
    torch.testing.assert_close(at[1], 0.75 * ends[start] + 0.25 * ends[end])


def test_latent_and_class_enter_together(classes: ClassVectors, embedding: nn.Embedding) -> None:
    """As the network was trained."""
    latent = torch.ones(1, 4)

    entered = classes.enter(latent, Recipe("m", point_of(3), 8, "dog"))

    assert torch.equal(entered, conditioned(latent, embedding.weight[1:2]))


def test_a_model_without_classes_has_none() -> None:
    """Its stem takes latents alone."""
    assert class_vectors_of(None, ()) is None
