"""The pictures of the test of seeds: what a model takes decides what is asked."""

from __future__ import annotations

import pytest

from bench.promise_recipes import PSIS, recipes_of
from models.card import Card
from service.batching.engine import ModelInfo
from tests.service.painter import MODE, card_named
from tests.service.translating_models import translating_card
from tests.service.truncated_models import truncated_card


@pytest.mark.parametrize(
    ("card", "psis"), [(card_named("plain-16", 16), {1.0}), (truncated_card(), set(PSIS))]
)
def test_a_model_that_takes_psi_is_asked_for_several(card: Card, psis: set[float]) -> None:
    """At all resolutions; points between seeds are among them."""
    recipes = recipes_of(ModelInfo(card, MODE), 40)

    assert {recipe.psi for recipe in recipes} == psis
    assert {recipe.resolution for recipe in recipes} == set(card.resolutions)
    assert len(set(recipes)) == len(recipes) == 45


def test_a_model_that_translates_is_asked_for_pictures() -> None:
    """A random one for each seed, of its size, into every domain."""
    card = translating_card()
    recipes = recipes_of(ModelInfo(card, MODE), 12)
    sources = [recipe.source for recipe in recipes if recipe.source]

    assert len({source.sha256 for source in sources}) == 12
    assert {len(source.pixels) for source in sources} == {card.network.latent_size}
    assert {recipe.label for recipe in recipes} == set(card.labels)
