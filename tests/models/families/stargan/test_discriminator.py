"""The discriminator of a StarGAN: published sizes, patches, domains."""

from __future__ import annotations

import pytest
import torch

from models.families.stargan.config import StarganConfig
from models.families.stargan.discriminator import StarganDiscriminator
from models.family import DiscriminatorOptions
from models.growth import Growth

TINY = StarganConfig(16, 3, 4, 1, 4, 2, 3)
OPTIONS = DiscriminatorOptions()


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (StarganConfig(128, classes=5), 44_762_048),
        (StarganConfig(128, classes=8), 44_786_624),
        (StarganConfig(64, discriminator_maps=32, discriminator_layers=5, classes=5), 2_802_656),
        (StarganConfig(64, discriminator_maps=24, discriminator_layers=5, classes=5), 1_579_752),
    ],
)
def test_it_has_as_many_parameters_as_published(config: StarganConfig, count: int) -> None:
    """The first two are those of the paper, for CelebA and for the eight expressions of RaFD."""
    with torch.device("meta"):
        discriminator = StarganDiscriminator(config, OPTIONS)

    assert sum(p.numel() for p in discriminator.parameters()) == count


def test_a_score_is_the_mean_over_patches_whatever_the_domain() -> None:
    """And a domain is told by another layer on the same features."""
    discriminator = StarganDiscriminator(TINY, OPTIONS)
    pictures = torch.randn(2, 3, 16, 16)
    features = discriminator.layers(pictures)
    patches = discriminator.patches(features)

    assert patches.shape == (2, 1, 4, 4)
    assert torch.equal(discriminator(pictures), patches.mean(dim=(1, 2, 3)))
    assert torch.equal(
        discriminator(pictures, Growth(2), torch.tensor([1, 0])), discriminator(pictures)
    )
    logits = discriminator.classify(pictures, Growth(2))
    assert torch.equal(logits, discriminator.domain(features).flatten(1))
    assert logits.shape == (2, 3)


def test_pictures_that_are_not_square_have_domains_too() -> None:
    """The layer of the domains is as large as the features are."""
    config = StarganConfig(16, 3, 4, 1, 4, 3, 4, base_height=6)
    discriminator = StarganDiscriminator(config, OPTIONS)

    assert discriminator.classify(torch.randn(1, 3, 24, 16), Growth(2)).shape == (1, 4)


def test_smaller_pictures_are_refused() -> None:
    """By both of its layers."""
    discriminator = StarganDiscriminator(TINY, OPTIONS)
    for judge in (discriminator, discriminator.classify):
        with pytest.raises(ValueError, match="scores images of 16 px only"):
            judge(torch.zeros(1, 3, 8, 8), Growth(1))
