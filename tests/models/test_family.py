"""The interface: what every generator of every family keeps."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import Tensor

from models.entrance import ClassPoint
from models.families.config import FamilyConfig
from models.families.configs import FAMILY_CONFIGS
from models.families.table import FAMILIES, offer_of
from models.family import ImageDiscriminator, ImageGenerator
from models.growth import Growth
from models.layers.folding import fold
from models.resolution import level_of

CONFIGS = {
    "progan": {"latent_size": 16, "fmap_base": 64, "fmap_max": 8},
    "dcgan": {"latent_size": 16, "generator_maps": 4, "discriminator_maps": 4},
    "stylegan": {"latent_size": 16, "style_size": 8, "mapping_layers": 2, "fmap_base": 64}
    | {"fmap_max": 8},
    "biggan": {"latent_size": 18, "class_size": 4, "fmap_base": 64, "fmap_max": 8},
    "stargan": {"generator_maps": 4, "generator_blocks": 1, "discriminator_maps": 4}
    | {"discriminator_layers": 2},
}


# A CycleGAN has a way for each domain: its own tests show the same.
SEEDED = [name for name, offer in FAMILIES.items() if not offer.translates]
CASES = [(name, classes) for name in SEEDED for classes in (0, 3)] + [("stargan", 3)]


def config_of(family: str, classes: int) -> FamilyConfig:
    """A tiny network of 16 px."""
    whole = FAMILY_CONFIGS[family](128).to_dict()  # type: ignore[call-arg]
    values = {**whole, **CONFIGS[family], "resolution": 16, "classes": classes}
    return FAMILY_CONFIGS[family].from_dict(values)


@pytest.mark.parametrize(("family", "classes"), CASES)
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


def test_a_generator_without_all_parts_cannot_be_built() -> None:
    """The message names what its class leaves out, before anything is trained."""

    class Unfinished(ImageGenerator):
        def up_to(self, level: int) -> Unfinished:
            return self

    with pytest.raises(TypeError, match="entrance.*forward.*trunk.*ways"):
        Unfinished()  # type: ignore[abstract]  # pyright: ignore[reportAbstractUsage] - what is tested


def test_what_a_discriminator_cannot_do_is_told() -> None:
    """Its family may leave out classes of their own and statistics that processes share."""

    class Plain(ImageDiscriminator):
        def forward(
            self, images: Tensor, growth: Growth | None = None, labels: Tensor | None = None
        ) -> Tensor:
            return images.sum(dim=(1, 2, 3))

    plain = Plain()

    with pytest.raises(TypeError, match="a Plain does not name classes"):
        plain.classify(torch.zeros(1, 3, 8, 8), Growth(1))
    with pytest.raises(TypeError, match="a Plain is trained by one process"):
        plain.share_statistics(lambda values, _: values)


BUILD_WITHOUT_COMPILER = """
import sys, torch
from models.families.table import offer_of
from tests.models.test_family import CASES, config_of
with torch.device("meta"):
    for case in CASES:
        config = config_of(*case)
        offer_of(config).generator(config, None)
        print(*case, "torch._dynamo" in sys.modules)
"""


def test_no_network_loads_the_compiler_of_torch() -> None:
    """It takes two seconds of processor time at the start of a service, which never compiles."""
    command = [sys.executable, "-c", BUILD_WITHOUT_COMPILER]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert said.splitlines() == [f"{family} {classes} False" for family, classes in CASES]
