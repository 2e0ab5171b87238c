"""The card of a model that translates pictures, for the painter."""

from __future__ import annotations

from dataclasses import replace

from models.card import Card, Exit
from models.families.cyclegan.config import CycleganConfig
from tests.service.painter import card_named


def translating_card(name: str = "shades-16") -> Card:
    """A model of 16 px that translates between two domains."""
    network = CycleganConfig(16, 3, 4, 1, 4, 2)
    exits = tuple(Exit(r, (), None) for r in network.resolutions)
    plain = card_named(name, 16)
    return replace(plain, network=network, exits=exits, labels=("dark", "light"), family="cyclegan")
