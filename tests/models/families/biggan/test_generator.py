"""The generator of a BigGAN: published sizes, box filters, classes, folding."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from models.entrance import ClassPoint, TruncatingEntrance
from models.families.biggan.config import BigganConfig
from models.families.biggan.generator import BigganGenerator
from models.families.biggan.offer import draw_biggan_weights
from models.growth import Growth
from models.layers.folding import fold
from training.game.statistics import recompute_statistics

TINY = BigganConfig(16, 1, 9, 4, 256, 16)
SHARED = BigganConfig(16, 1, 9, 4, 256, 16, attention=8, classes=3)
NOT_SHARED = BigganConfig(16, 1, 9, 0, 256, 16, classes=3)


def drawn(config: BigganConfig) -> BigganGenerator:
    """Initial weights, with attention that has an effect, and statistics of its own."""
    generator = BigganGenerator(config)
    draw_biggan_weights(generator, np.random.default_rng(0))
    if generator.synthesis.attention is not None:
        generator.synthesis.attention.strength.data.fill_(0.7)
    generator.eval().requires_grad_(False)
    recompute_statistics(generator)
    return generator


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (BigganConfig(128, attention=64, classes=1000), 70_433_988),
        (BigganConfig(32, 3, 128, 0, 1 << 20, 256, classes=10), 4_304_387),
        (BigganConfig(32, 3, 80, 128, 1 << 20, 384, attention=16, classes=10), 9_416_196),
    ],
)
def test_it_has_as_many_parameters_as_the_published_network(
    config: BigganConfig, count: int
) -> None:
    """Of the authors' code at 128 px and for CIFAR-10, and of StudioGAN's for CIFAR-10."""
    with torch.device("meta"):
        generator = BigganGenerator(config)

    assert sum(p.numel() for p in generator.parameters()) == count


@pytest.mark.parametrize("config", [TINY, SHARED, NOT_SHARED])
def test_its_folded_trunk_makes_the_same_images(config: BigganConfig) -> None:
    """From entry vectors, one by one; two orders of summation of 200 numbers: a few roundings."""
    generator, z = drawn(config), torch.randn(3, 9)
    labels = torch.tensor([0, 1, 2]) if config.classes else None
    points = [ClassPoint(n, n) if config.classes else None for n in range(3)]
    trunk = copy.deepcopy(generator.trunk)
    fold(trunk)
    entries = [generator.entrance.enter(*each) for each in zip(z, points, strict=True)]

    images = trunk[0](torch.stack(entries))

    assert images.std() > 0.01
    torch.testing.assert_close(images, generator(z, None, labels), atol=1e-5, rtol=0)


def test_smaller_images_are_the_finished_one_box_filtered() -> None:
    """Exactly, so that a thumbnail shows what the picture shows."""
    generator, z = drawn(TINY), torch.randn(2, 9)
    whole = generator(z)

    for level in range(3):
        small = generator(z, Growth(level))
        torch.testing.assert_close(small, F.avg_pool2d(whole, 4 >> level), atol=1e-6, rtol=0)


def test_every_part_of_the_latent_changes_the_image() -> None:
    """That of the first layer and those of the blocks."""
    generator, z = drawn(TINY), torch.randn(1, 9)
    whole = generator(z)

    for place in range(3):
        other = z.clone()
        other[:, 3 * place : 3 * place + 3] += 1.0
        assert not torch.allclose(generator(other), whole, atol=1e-3)


@pytest.mark.parametrize("config", [SHARED, NOT_SHARED])
def test_a_class_changes_the_image(config: BigganConfig) -> None:
    """And must be told."""
    generator, z = drawn(config), torch.randn(1, 9)

    one, other = (generator(z, None, torch.tensor([label])) for label in (0, 1))
    assert not torch.allclose(one, other, atol=1e-3)
    with pytest.raises(ValueError, match="labels are needed where there are some"):
        generator(z)


@pytest.mark.parametrize("config", [TINY, SHARED, NOT_SHARED])
def test_truncated_images_are_those_of_their_statistics(config: BigganConfig) -> None:
    """Before and after folding, of entry vectors; those of psi 1 are the usual ones, to the bit."""
    whole = drawn(config)
    truncating = replace(config, psi_steps=2)
    generator = BigganGenerator(truncating).eval().requires_grad_(False)
    generator.load_state_dict(whole.state_dict(), strict=False)
    generator.truncated_means[:] = torch.randn(3, sum(truncating.normalised_maps)) * 0.1
    entrance, z, point = generator.entrance, torch.randn(9), ClassPoint(1, 1)
    assert isinstance(entrance, TruncatingEntrance)
    assert entrance.size == generator.config.entry_size
    trunk = copy.deepcopy(generator.trunk)
    fold(trunk)

    entries = torch.stack([entrance.enter_truncated(z, point, psi) for psi in (0.25, 0.5, 1.0)])
    images = generator.synthesis(entries)

    torch.testing.assert_close(trunk[0](entries), images, atol=2e-5, rtol=0)
    alone = generator.synthesis(entries[2:])
    assert torch.equal(alone, whole.synthesis(whole.entrance.enter(z, point)[None]))
    assert not torch.allclose(images[0], images[1], atol=1e-3)
    assert not torch.allclose(images[1], images[2], atol=1e-3)
