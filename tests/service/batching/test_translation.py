"""What a model that translates takes, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.families.cyclegan.config import CycleganConfig
from service.batching.engine import ModelInfo
from service.batching.translation import domain_for, require_seeds, translates
from service.errors import OutOfRange
from tests.service.painter import MODE, card_named

SEEDS = ModelInfo(card_named("seeds", 16), MODE)
SHADES = ModelInfo(
    replace(
        card_named("shades", 16),
        network=CycleganConfig(16, 3, 4, 1, 4, 2),
        labels=("dark", "light"),
    ),
    MODE,
)


def test_each_kind_of_model_takes_its_own_requests() -> None:
    """A picture and a domain, or a seed."""
    require_seeds(SEEDS)
    assert (translates(SEEDS), translates(SHADES)) == (False, True)
    assert domain_for(SHADES, "light") == "light"
    with pytest.raises(OutOfRange, match="send one to POST /translate.model=shades&to=dark"):
        require_seeds(SHADES)
    with pytest.raises(OutOfRange, match="seeds makes pictures of seeds and translates none"):
        domain_for(SEEDS, "light")


@pytest.mark.parametrize("asked", [None, "unicorn"])
def test_a_domain_is_one_of_the_models(asked: str | None) -> None:
    """The message lists them."""
    with pytest.raises(OutOfRange, match="shades translates to dark or light"):
        domain_for(SHADES, asked)


def test_a_domain_of_another_model_is_told_with_its_name() -> None:
    """For a request that names no model, and so has got one of those that translate."""
    card = replace(SHADES.card, name="animals", labels=("horse", "zebra"))
    others = (SEEDS, SHADES, replace(SHADES, card=card))

    with pytest.raises(OutOfRange, match="not to 'zebra'; animals does: say model=animals"):
        domain_for(SHADES, "zebra", others)
    with pytest.raises(OutOfRange, match="not to 'unicorn'$"):
        domain_for(SHADES, "unicorn", others)
