"""Bundles of untrained networks, one of each family, for checks of what serves them.

Owns their configurations, which are those of the smallest preset of each family, and their random
weights: a network that has learned nothing rounds like any other. Knows no check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from torch import nn

from models.bundle import save_bundle
from models.card import Card, Data, Exit
from models.exit_shape import ExitShape
from models.families.config import FamilyConfig
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.families.table import FAMILIES, offer_of
from models.family import ImageGenerator
from training.config.presets import PRESETS
from training.exits.finishing import box_filtered
from training.game.truncation import with_truncation
from training.run_folder.loaded import settle

CLASSES: Final = 3  # or domains, where a family has any number of them
HIDDEN: Final = ExitShape((1, 3, 1), (8, 8))  # an exit of a lower level, as a fitted one may be
STRENGTH: Final = 0.5
TILING: Final = "progan-tiling"


def smallest_of(family: str) -> FamilyConfig:
    """The network of the preset of a family with the fewest multiply-adds, with classes."""
    networks = [preset.network for preset in PRESETS.values() if preset.network.family == family]
    smallest = min(networks, key=lambda network: network.path_costs()[-1])
    return smallest if smallest.classes else replace(smallest, classes=CLASSES)  # type: ignore[type-var]


def tiling_network() -> FamilyConfig:
    """The smallest Progressive GAN, whose images join at opposite edges, without classes."""
    return replace(ProganConfig.narrow(smallest_of("progan")), tiling=True, classes=0)


UNTRAINED: Final[Mapping[str, Callable[[], FamilyConfig]]] = MappingProxyType(
    {name: lambda name=name: smallest_of(name) for name in FAMILIES} | {TILING: tiling_network}
)


def write_untrained_bundles(folder: Path, names: Iterable[str]) -> None:
    """Write a bundle of each name in `UNTRAINED` into sub-folders of `folder`."""
    for name in names:
        network = UNTRAINED[name]()
        generator = untrained_generator(network)
        exits = tuple(_card_exit(generator, resolution) for resolution in network.resolutions)
        card = Card(
            name=name,
            title=f"Untrained: {name}",
            description="Random weights, for checks.",
            licence="MIT",
            network=generator.config,
            exits=exits,
            data=Data("none", "MIT", "nobody", 0),
            weights_sha256="",
            golden=(),
            labels=tuple(f"class-{number}" for number in range(network.classes)),
            family=network.family,
        )
        path = folder / name
        path.mkdir(parents=True)
        save_bundle(path, generator, card, preview=b"")


def untrained_generator(network: FamilyConfig) -> ImageGenerator:
    """A generator with its initial weights, and all that is computed at an export."""
    offer = offer_of(network)
    shapes = (*[HIDDEN] * network.top_level, ExitShape()) if offer.fits_exits else None
    generator = offer.generator(network, shapes)
    offer.initialise(generator, np.random.Generator(np.random.Philox(7)))
    for name, parameter in generator.named_parameters():
        if name.endswith("strength"):  # of noise and attention, which begin without an effect
            nn.init.constant_(parameter, STRENGTH)
    generator.eval().requires_grad_(False)
    settle(generator)
    return generator if offer.fits_exits else box_filtered(with_truncation(generator)).generator


def _card_exit(generator: ImageGenerator, resolution: int) -> Exit:
    config = generator.config
    if not isinstance(generator, Generator):
        return Exit(resolution, (), None)
    shape = generator.exit_shapes[config.resolutions.index(resolution)]
    return Exit(resolution, shape.kernels, None, shape.hidden)
