"""The interface: what every generator of every family keeps."""

from __future__ import annotations

import pytest
import torch

from models.entrance import ClassPoint
from models.families.config import FamilyConfig
from models.families.configs import FAMILY_CONFIGS
from models.families.table import FAMILIES, offer_of
from models.folding import fold
from models.growth import Growth
from models.resolution import level_of

CONFIGS = {
    "progan": {"latent_size": 16, "fmap_base": 64, "fmap_max": 8},
    "dcgan": {"latent_size": 16, "generator_maps": 4, "discriminator_maps": 4},
    "stylegan": {"latent_size": 16, "style_size": 8, "mapping_layers": 2, "fmap_base": 64}
    | {"fmap_max": 8},
}


# Those that translate have a way for each domain: their own tests show the same.
SEEDED = [name for name, offer in FAMILIES.items() if not offer.translates]


def config_of(family: str, classes: int) -> FamilyConfig:
    """A tiny network of 16 px."""
    values = {**FAMILY_CONFIGS[family](16).to_dict(), **CONFIGS[family], "classes": classes}  # type: ignore[call-arg]
    return FAMILY_CONFIGS[family].from_dict(values)


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("family", SEEDED)
def test_entrance_trunk_and_ways_make_the_pictures_of_the_network(
    family: str, classes: int
) -> None:
    """At every resolution, before folding to the bit, and after it up to rounding."""
    config = config_of(family, classes)
    generator = offer_of(config).generator(config, None).eval().requires_grad_(False)
    latents = torch.randn(2, config.latent_size)
    labels = torch.tensor([2, 0]) if classes else None
    points = [ClassPoint(int(n), int(n)) if classes else None for n in (2, 0)]
    entrance = generator.entrance
    entries = torch.stack([entrance.enter(*pair) for pair in zip(latents, points, strict=True)])

    assert (config.entry_size, classes) == (entrance.size, entrance.classes)
    assert entries.shape == (2, entrance.size)
    assert list(config.resolutions) == sorted(config.resolutions)
    ways = generator.ways
    assert [way.start for way in ways] == sorted(way.start for way in ways)
    expected = [generator(latents, Growth(level_of(r)), labels) for r in config.resolutions]
    trunk = generator.trunk
    for exact in (True, False):
        for way, wanted in zip(ways, expected, strict=True):
            x = entries
            for module in trunk[: way.start]:
                x = module(x)
            tolerance = 0.0 if exact else 1e-4  # folding rounds scaled weights once more
            torch.testing.assert_close(way.module(x), wanted, atol=tolerance, rtol=tolerance)
        fold(trunk)
