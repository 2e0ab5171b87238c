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
