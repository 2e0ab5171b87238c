"""The card of a model that translates pictures, for the painter."""

from __future__ import annotations

from models.card import Card
from models.families.cyclegan.config import CycleganConfig
from tests.service.family_models import card_of_network


def translating_card(name: str = "shades-16") -> Card:
    """A model of 16 px that translates between two domains."""
    return card_of_network(CycleganConfig(16, 3, 4, 1, 4, 2), name, ("dark", "light"))
