"""Models whose layers have styles: a card for the painter, and a real bundle of random weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from models.card import Card
from models.direction import Direction
from models.exit_shape import BOX
from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.generator import StyleganGenerator
from models.families.stylegan.offer import STYLEGAN_FAMILY
from tests.service.family_models import card_of_network, write_verified_bundle
from tests.service.painter import card_named

STYLED = StyleganConfig(
    16, 3, latent_size=8, style_size=8, mapping_layers=2, fmap_base=128, fmap_max=8
)


DIRECTIONS = tuple(Direction(f"pca-{number}", "by hand", 0.1) for number in (1, 2, 3))


def directed_card(name: str = "painter-32") -> Card:
    """A card whose model has directions, and no styles."""
    return replace(card_named(name), directions=DIRECTIONS)


def styled_card(name: str = "styled-16", labels: tuple[str, ...] = ()) -> Card:
    """A card whose model takes psi and mix."""
    return card_of_network(replace(STYLED, classes=len(labels)), name, labels)


def styled_generator(classes: int = 0) -> StyleganGenerator:
    """Random weights, noise that has an effect, and centres that are not 0."""
    network = StyleganGenerator(replace(STYLED, classes=classes), (BOX,) * 3)
    STYLEGAN_FAMILY.initialise(network, np.random.Generator(np.random.Philox(1)))
    for layer in network.styled_layers:
        torch.nn.init.constant_(layer.strength, 0.1)
    network.centres.copy_(
        torch.linspace(-1, 1, network.centres.numel()).reshape_as(network.centres)
    )
    return network.eval().requires_grad_(False)


def write_styled_bundle(folder: Path, classes: int = 0) -> Path:
    """A bundle `styled-16` in `folder`, with a golden seed."""
    card = styled_card(labels=tuple(f"class {n}" for n in range(classes)))
    return write_verified_bundle(folder, styled_generator(classes), card)
