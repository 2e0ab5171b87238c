"""Every family that can be configured can be built."""

from __future__ import annotations

from models.families.configs import FAMILY_CONFIGS
from models.families.table import FAMILIES, offer_of
from models.family import Family
from training.objectives.losses import OBJECTIVES


def test_every_configuration_has_an_offer() -> None:
    """Both tables have the same names."""
    assert set(FAMILIES) == set(FAMILY_CONFIGS)
    for name, kind in FAMILY_CONFIGS.items():
        assert offer_of(kind(64)) is FAMILIES[name]  # type: ignore[call-arg]


def test_an_offer_names_objectives_that_there_are() -> None:
    """In training."""
    offers: list[Family] = [*FAMILIES.values()]
    assert all(set(offer.objectives or ()) <= set(OBJECTIVES) for offer in offers)
