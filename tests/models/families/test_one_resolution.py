"""Generators and discriminators of one resolution, of every family that has them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.exit_shape import BOX, ExitShape
from models.families.biggan.config import BigganConfig
from models.families.config import FamilyConfig
from models.families.cyclegan.config import CycleganConfig
from models.families.dcgan.config import DcganConfig
from models.families.one_resolution import OneResolutionDiscriminator, OneResolutionGenerator
from models.families.progan.config import ProganConfig
from models.families.stargan.config import StarganConfig
from models.families.stylegan.config import StyleganConfig
from models.families.table import offer_of
from models.family import DiscriminatorOptions
from models.growth import Growth
from models.layers.resampling import downsample

TINY = [
    DcganConfig(16, 1, 8, generator_maps=4, discriminator_maps=4),
    DcganConfig(16, 1, 8, generator_maps=4, discriminator_maps=4, classes=2),
    StyleganConfig(16, 1, 8, 6, 2, 64, 8),
    StyleganConfig(16, 1, 8, 6, 2, 64, 8, classes=2),
    BigganConfig(16, 1, 9, fmap_base=64, fmap_max=8, attention=0),
    BigganConfig(16, 1, 9, fmap_base=64, fmap_max=8, attention=0, classes=2),
    CycleganConfig(16, 1, 4, 1, 4, 2),
    StarganConfig(16, 1, 4, 1, 4, 2, 3),
]
NAMES = [f"{config.family}-{config.classes}" for config in TINY]


def generator_of(config: FamilyConfig) -> OneResolutionGenerator:
    """The generator in evaluation, with its first weights."""
    generator = offer_of(config).generator(config, (BOX,) * len(config.resolutions))
    assert isinstance(generator, OneResolutionGenerator)
    return generator.eval().requires_grad_(False)


def labels_of(config: FamilyConfig, count: int) -> Tensor | None:
    """The classes of so many pictures; None without classes."""
    return torch.arange(count) % config.classes if config.classes else None


@pytest.mark.parametrize("config", TINY, ids=NAMES)
def test_a_smaller_image_is_the_largest_one_in_boxes(config: FamilyConfig) -> None:
    """By `forward`, and by trunk and ways, which the engine runs."""
    generator, latents = generator_of(config), torch.rand(2, config.latent_size)
    labels = labels_of(config, 2)
    top = generator(latents, None, labels)

    assert top.shape == (2, 1, 16, 16)
    half = generator(latents, Growth(1), labels)
    assert torch.equal(half, downsample(top))
    assert {way.start for way in generator.ways} == {len(generator.trunk)}


@pytest.mark.parametrize("config", TINY, ids=NAMES)
def test_it_neither_fades_nor_shrinks_nor_has_fitted_exits(config: FamilyConfig) -> None:
    """The message names the family."""
    generator, latents = generator_of(config), torch.rand(1, config.latent_size)
    labels = labels_of(config, 1)

    assert generator.up_to(2) is generator
    with pytest.raises(ValueError, match=rf"a {config.NAME} has one level of its own, 2"):
        generator.up_to(1)
    with pytest.raises(ValueError, match=rf"a {config.NAME} does not fade"):
        generator(latents, Growth(1, 0.5), labels)
    with pytest.raises(ValueError, match=rf"a {config.NAME} has box filters in place of exits"):
        offer_of(config).generator(config, (ExitShape(), BOX, BOX))


@pytest.mark.parametrize("config", TINY, ids=NAMES)
def test_classes_are_told_where_there_are_some_and_only_there(config: FamilyConfig) -> None:
    """Rather than ignored, or left to be guessed."""
    generator, latents = generator_of(config), torch.rand(1, config.latent_size)
    wrong = None if config.classes else torch.tensor([0])

    with pytest.raises(ValueError, match=r"labels are needed|needs the domain"):
        generator(latents, None, wrong)


@pytest.mark.parametrize("config", TINY, ids=NAMES)
def test_networks_are_built_of_their_own_configuration(config: FamilyConfig) -> None:
    """Of another one, they would have other layers than it says."""
    offer, other = offer_of(config), ProganConfig(16)

    with pytest.raises(TypeError, match=rf"a {config.NAME} cannot be built of ProganConfig"):
        offer.generator(other, None)
    with pytest.raises(TypeError, match=rf"a {config.NAME} cannot be built of ProganConfig"):
        offer.discriminator(other, DiscriminatorOptions())


@pytest.mark.parametrize("config", TINY[1:6:2], ids=NAMES[1:6:2])
def test_a_discriminator_scores_the_top_level_and_needs_classes(config: FamilyConfig) -> None:
    """With projection, it has a vector for each."""
    discriminator = offer_of(config).discriminator(config, DiscriminatorOptions("projection"))
    images = torch.rand(4, 1, 16, 16)

    assert isinstance(discriminator, OneResolutionDiscriminator)
    assert discriminator(images, Growth(2), labels_of(config, 4)).shape == (4,)
    with pytest.raises(ValueError, match="must be told those of the images"):
        discriminator(images)
    with pytest.raises(ValueError, match="scores images of 16 px only"):
        discriminator(images, Growth(1), labels_of(config, 4))
