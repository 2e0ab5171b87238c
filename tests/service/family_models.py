"""Models of any family: a card for the painter, and a bundle of an untrained network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from models.bundle import save_bundle
from models.card import Card, Exit, Golden
from models.exit_shape import BOX
from models.families.config import FamilyConfig
from models.family import ImageGenerator
from models.picture import pixel_sha256, thumbnail_of
from tests.conftest import picture_of
from tests.service.painter import card_named


def card_of_network(network: FamilyConfig, name: str, labels: tuple[str, ...] = ()) -> Card:
    """A card whose model has this network, with box filters for the lower resolutions."""
    exits = tuple(Exit(r, BOX.kernels, None) for r in network.resolutions)
    card = card_named(name, network.resolution)
    return replace(card, network=network, exits=exits, labels=labels, family=network.family)


def write_verified_bundle(folder: Path, generator: ImageGenerator, card: Card) -> Path:
    """A bundle of `generator` in the folder of the card's name, with seed 1 as its golden seed."""
    resolution = card.network.resolution
    pixels = picture_of(generator, 1, resolution)
    golden = Golden(1, resolution, pixel_sha256([pixels]), thumbnail_of(pixels))
    path = folder / card.name
    path.mkdir(parents=True)
    save_bundle(path, generator, replace(card, golden=(golden,), weights_sha256=""), preview=b"")
    return path
