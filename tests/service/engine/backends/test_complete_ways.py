"""One step from entry vectors to images for each resolution, in fp32 and in mixed precision."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from models.families.config import FamilyConfig
from models.families.dcgan.config import DcganConfig
from models.families.progan.config import ProganConfig
from models.families.stylegan.config import StyleganConfig
from models.families.table import offer_of
from models.family import ImageGenerator
from models.growth import Growth
from models.resolution import level_of
from service.engine.backends.complete_ways import Fp32Layer, complete_ways, store_in_bf16
from service.engine.backends.eager import FoldedModules

CPU = torch.device("cpu")
PROGAN = ProganConfig(16, 3, 32, 256, 32)


def generator_of(config: FamilyConfig = PROGAN) -> ImageGenerator:
    """A small network with random weights."""
    torch.manual_seed(1)
    return offer_of(config).generator(config, None).eval().requires_grad_(False)


@torch.inference_mode()
def test_every_way_makes_the_generators_pictures() -> None:
    """In fp32 up to the rounding of folded weights, which is far below a grey level of 1/128."""
    generator = generator_of()
    z = torch.randn(3, 32)
    ways = complete_ways(FoldedModules.of(copy.deepcopy(generator)), CPU, "fp32")

    for way, resolution in zip(ways, generator.config.resolutions, strict=True):
        expected = generator(z, Growth(level_of(resolution)))
        torch.testing.assert_close(way(z), expected, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_bf16_keeps_the_first_module_and_the_images_in_fp32() -> None:
    """So features of the base are those of fp32, and an image has more than 8 significant bits."""
    exact = complete_ways(FoldedModules.of(generator_of()), CPU, "fp32")
    mixed = complete_ways(FoldedModules.of(generator_of()), CPU, "bf16")
    z = torch.randn(3, 32)

    assert torch.equal(exact[0](z), mixed[0](z))
    image = mixed[-1](z)
    assert image.dtype == torch.float32
    assert not torch.equal(image, image.bfloat16().float())
    assert not torch.equal(image, exact[-1](z))
    torch.testing.assert_close(image, exact[-1](z), atol=0.05, rtol=0.05)


@torch.inference_mode()
@pytest.mark.parametrize("family", ["dcgan", "stylegan"])
def test_other_families_compute_in_mixed_precision(family: str) -> None:
    """Near their pictures in fp32: bf16 has 8 significant bits."""
    configs = {
        "dcgan": DcganConfig(32, latent_size=16, generator_maps=8, discriminator_maps=8),
        "stylegan": StyleganConfig(
            16, latent_size=16, style_size=16, mapping_layers=2, fmap_base=256, fmap_max=16
        ),
    }
    config = configs[family]
    exact = complete_ways(FoldedModules.of(generator_of(config)), CPU, "fp32")
    mixed = complete_ways(FoldedModules.of(generator_of(config)), CPU, "bf16")
    entry = torch.randn(2, generator_of(config).entrance.size)

    for a, b in zip(exact, mixed, strict=True):
        assert b(entry).dtype == torch.float32
        torch.testing.assert_close(b(entry), a(entry), atol=0.1, rtol=0.1)


def test_convolutions_are_stored_in_bf16_and_dense_layers_are_not() -> None:
    """At any depth."""
    module = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Conv2d(1, 1, 1), nn.Linear(2, 2)))
    store_in_bf16(module)

    types = [p.dtype for p in module.parameters()]
    assert types == [torch.float32] * 2 + [torch.bfloat16] * 2 + [torch.float32] * 2


def test_a_layer_in_fp32_is_not_rounded_by_autocast() -> None:
    """Not even if its input was."""
    plain = nn.Linear(4, 4).requires_grad_(False)
    layer, x = Fp32Layer(plain), torch.randn(2, 4)
    with torch.autocast("cpu", torch.bfloat16):
        inside, rounded = layer(x), plain(x)
        of_rounded = layer(x.bfloat16())

    assert torch.equal(inside, layer(x))
    assert torch.equal(of_rounded, layer(x.bfloat16().float()))
    assert rounded.dtype == torch.bfloat16
