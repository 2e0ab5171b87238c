"""From a recipe to the input of the network: latents, and classes asked for or from the seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.editing import Directions
from models.entrance import ClassPoint
from models.families.progan.entrance import ProganEntrance, conditioned
from models.latent import label_of, latent_of, lerp, slerp
from service.batching.recipe import Edit, Method, Point, Recipe, StyleMix, point_of
from service.engine.entry_vectors import EntryVectors, latent_at
from tests.service.styled_models import styled_generator

NAMES = ("cat", "dog", "cow")
SEEDS = (0, 1)  # of two classes
VECTORS = torch.randn(3, 4, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def entry() -> EntryVectors:
    """Three classes with vectors of four numbers."""
    return EntryVectors(ProganEntrance(4, VECTORS), NAMES)


@pytest.mark.parametrize("place", range(3))
def test_a_label_is_the_class_at_its_place(entry: EntryVectors, place: int) -> None:
    """Whatever the seed, also on the way between two."""
    for point in (point_of(3), Point(*SEEDS, 0.5)):
        assert ClassPoint(place, place) == entry.class_of(Recipe("m", point, 8, NAMES[place]))


def test_a_seed_brings_its_own_class(entry: EntryVectors) -> None:
    """By the frozen rule."""
    for seed in range(20):
        found = entry.class_of(Recipe("m", point_of(seed), 8))
        assert found is not None
        assert (label_of(seed, 3), True) == (found.start, found.is_pure)


def test_between_two_seeds_a_point_lies_between_their_classes(entry: EntryVectors) -> None:
    """At the same place as between their latents."""
    start, end = (label_of(seed, 3) for seed in SEEDS)
    assert start != end

    assert ClassPoint(start, end, 0.25) == entry.class_of(Recipe("m", Point(*SEEDS, 0.25), 8))


def test_latent_and_class_enter_together(entry: EntryVectors) -> None:
    """As the network was trained; row n is recipe n."""
    recipes = [Recipe("m", point_of(seed), 8, "dog") for seed in (3, 4)]
    latents = torch.from_numpy(np.stack([latent_of(3, 4), latent_of(4, 4)]))

    assert torch.equal(entry.of(recipes), conditioned(latents, VECTORS[[1, 1]]))


def test_without_classes_the_latents_enter_alone() -> None:
    """Row n is recipe n, whatever else is in the batch."""
    entry = EntryVectors(ProganEntrance(16))
    rows = entry.of([Recipe("m", point_of(seed), 8) for seed in (5, 6)])

    assert rows.dtype == torch.float32
    assert np.array_equal(np.stack([latent_of(5, 16), latent_of(6, 16)]), rows.numpy())
    assert entry.class_of(Recipe("m", point_of(5), 8)) is None


def test_a_place_between_seeds_goes_by_its_method() -> None:
    """The contract of latents is that of models.latent."""
    a, b = latent_of(1, 16), latent_of(2, 16)

    assert np.array_equal(slerp(a, b, 0.25), latent_at(Point(1, 2, 0.25, Method.SLERP), 16))
    assert np.array_equal(lerp(a, b, 0.25), latent_at(Point(1, 2, 0.25, Method.LERP), 16))
    assert np.array_equal(a, latent_at(point_of(1), 16))


# ----------------------------------------------------------------------------------------
# Models whose layers have styles


@pytest.mark.parametrize("classes", [0, 3])
def test_styles_are_interpolated_truncated_and_mixed(classes: int) -> None:
    """In this order; the second style has the class of the picture and the same truncation."""
    entrance = styled_generator(classes).entrance
    entry = EntryVectors(entrance, [f"class {n}" for n in range(classes)])
    point = Point(*SEEDS, 0.25, Method.LERP)
    whole = entry.class_of(Recipe("m", point, 16))
    latents = [torch.from_numpy(latent_of(seed, 8)) for seed in (*SEEDS, 9)]
    style = entrance.truncated(entrance.style(latents[0], latents[1], 0.25, whole), whole, 0.5)
    second = entrance.style(latents[2], latents[2], whole.t if whole else 0.0, whole)
    mixed = entrance.compose(style, entrance.truncated(second, whole, 0.5), 1)

    assert torch.equal(entry.of([Recipe("m", point, 16, psi=0.5)])[0], entrance.compose(style))
    recipe = Recipe("m", point, 16, psi=0.5, mix=StyleMix(9, 8))
    assert torch.equal(entry.of([recipe])[0], mixed)


def test_a_truncation_to_nothing_is_the_mean_of_the_class() -> None:
    """Whatever the seed."""
    entrance = styled_generator(3).entrance
    entry = EntryVectors(entrance, NAMES)
    rows = entry.of([Recipe("m", point_of(seed), 16, "dog", psi=0.0) for seed in (3, 4)])

    assert torch.equal(rows[0], rows[1])
    assert torch.equal(rows[0], entrance.centres[1].repeat(6))


# ----------------------------------------------------------------------------------------
# Models with directions


def test_latents_are_moved_before_classes_enter() -> None:
    """Between two seeds, too: the interpolated latent is moved."""
    directions = Directions(("one", "two"), torch.stack([torch.ones(8), torch.arange(8.0)]))
    entry = EntryVectors(ProganEntrance(8), directions=directions)
    point = Point(*SEEDS, 0.25)
    recipe = Recipe("m", point, 16, edits=(Edit("two", -0.5),))
    moved = torch.from_numpy(latent_at(point, 8)) - 0.5 * torch.arange(8.0)

    assert torch.allclose(entry.of([recipe])[0], moved, atol=1e-6)  # rounded once, and not twice


def test_styles_are_moved_after_truncation() -> None:
    """The second style as well."""
    entrance = styled_generator().entrance
    directions = Directions(("one",), torch.linspace(-1, 1, 8)[None])
    entry = EntryVectors(entrance, directions=directions)
    z, second = (torch.from_numpy(latent_of(seed, 8)) for seed in (3, 9))
    edits = [("one", 2.0)]
    first, other = (
        directions.moved(
            entrance.truncated(entrance.style(each, each, 0.0, None), None, 0.5), edits
        )
        for each in (z, second)
    )
    recipe = Recipe("m", point_of(3), 16, psi=0.5, edits=(Edit("one", 2.0),))

    assert torch.equal(entry.of([recipe])[0], entrance.compose(first))
    mixed = replace(recipe, mix=StyleMix(9, 8))
    assert torch.equal(entry.of([mixed])[0], entrance.compose(first, other, 1))
