"""Models whose latents can be truncated: a card for the painter, and a real bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from models.card import Card
from models.exit_shape import BOX
from models.families.biggan.config import BigganConfig
from models.families.biggan.generator import BigganGenerator
from models.families.biggan.offer import BIGGAN_FAMILY
from tests.service.family_models import card_of_network, write_verified_bundle

TRUNCATED = BigganConfig(16, 3, 9, 4, 256, 16, attention=8, psi_steps=2)


def truncated_card(name: str = "big-16", labels: tuple[str, ...] = ()) -> Card:
    """A card whose model takes psi up to 1, and no second style."""
    return card_of_network(replace(TRUNCATED, classes=len(labels)), name, labels)


def truncated_generator(classes: int = 0) -> BigganGenerator:
    """Random weights, attention that has an effect, and statistics that differ by psi."""
    network = BigganGenerator(replace(TRUNCATED, classes=classes), (BOX,) * 3)
    network.eval().requires_grad_(False)
    source = np.random.Generator(np.random.Philox(1))
    BIGGAN_FAMILY.initialise(network, source)
    assert network.synthesis.attention is not None
    torch.nn.init.constant_(network.synthesis.attention.strength, 0.5)
    shape = network.truncated_means.shape
    network.truncated_means.copy_(torch.from_numpy(source.standard_normal(shape) * 0.1))
    network.truncated_variances.copy_(torch.from_numpy(source.random(shape) + 0.2))
    network.truncated_means[-1] = 0.0  # of psi 1: those of the normalisations themselves
    network.truncated_variances[-1] = 1.0
    return network


def write_truncated_bundle(folder: Path, classes: int = 0) -> Path:
    """A bundle `big-16` in `folder`, with a golden seed."""
    card = truncated_card(labels=tuple(f"class {n}" for n in range(classes)))
    return write_verified_bundle(folder, truncated_generator(classes), card)
