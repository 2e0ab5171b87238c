"""What the tests of models/ share: a tiny network, its card and bundle, the same random weights."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.bundle import save_bundle
from models.card import Card, Data, Exit, Golden
from models.exit_shape import ExitShape
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator

SHAPES = (ExitShape((5,)), ExitShape((1, 3, 1), (4, 6)), ExitShape((3, 3), (8,)), ExitShape())


@pytest.fixture(autouse=True)
def same_random_numbers() -> None:
    """Every test draws the same weights, in whatever order the tests run."""
    torch.manual_seed(20)


@pytest.fixture
def config() -> ProganConfig:
    """Four levels, 4 to 32 pixels, with 8 or 4 feature maps."""
    return ProganConfig(resolution=32, latent_size=16, fmap_base=64, fmap_max=8)


@pytest.fixture
def conditional(config: ProganConfig) -> ProganConfig:
    """The same with two classes."""
    return replace(config, classes=2)


@pytest.fixture
def card(conditional: ProganConfig) -> Card:
    """A card that fits it; the digest is a placeholder until a bundle is saved."""
    return Card(
        name="tiny",
        title="Tiny",
        description="Noise, for tests",
        licence="MIT",
        network=conditional,
        exits=tuple(
            Exit(r, (1,), None if r == conditional.resolution else 30.0) for r in (4, 8, 16, 32)
        ),
        data=Data("none", "MIT", "nobody", images=1),
        weights_sha256="0" * 64,
        golden=(Golden(7, 32, "1" * 64, (0,) * 48),),
        labels=("shirt", "boot"),
        training={"preset": "tiny", "images_shown": 0},
        quality={"swd": {"value": 1.5, "how": "not at all"}},
    )


@pytest.fixture
def generator(conditional: ProganConfig) -> Generator:
    """A tiny generator with classes, and exits as wide and as deep as fitted ones."""
    return Generator(conditional, SHAPES)


@pytest.fixture
def folder(tmp_path: Path, generator: Generator, card: Card) -> Path:
    """A bundle that is whole."""
    exits = tuple(
        replace(exit_, kernels=shape.kernels, hidden=shape.hidden)
        for exit_, shape in zip(card.exits, SHAPES, strict=True)
    )
    save_bundle(tmp_path, generator, replace(card, exits=exits), preview=b"webp")
    return tmp_path
