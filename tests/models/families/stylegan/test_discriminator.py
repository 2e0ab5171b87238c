"""The discriminator of a StyleGAN2: published sizes, residual blocks, classes."""

from __future__ import annotations

import pytest
import torch

from models.families.progan.config import ProganConfig
from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.discriminator import (
    ResidualBlock,
    StyleganDiscriminator,
)
from models.family import DiscriminatorOptions
from models.growth import Growth

TINY = StyleganConfig(16, 1, 8, 6, 2, 64, 8)
PLAIN, PROJECTION = DiscriminatorOptions(), DiscriminatorOptions("projection")


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (StyleganConfig(1024), 29_012_513),
        (StyleganConfig(256, fmap_base=16384), 24_001_089),
        (StyleganConfig(64, 3, 128, 128, 4, 2048, 128), 1_183_137),
        (StyleganConfig(64, 3, 96, 96, 2, 1536, 96), 665_977),
        (StyleganConfig(32, 1, 96, 96, 2, 1024, 96, 10), 619_936),
    ],
)
def test_it_has_as_many_parameters_as_the_published_network(
    config: StyleganConfig, count: int
) -> None:
    """With classes, those of the network of class vectors among them."""
    with torch.device("meta"):
        network = StyleganDiscriminator(config, PROJECTION if config.classes else PLAIN)

    assert sum(p.numel() for p in network.parameters()) == count


def test_a_block_halves_the_features_and_keeps_their_mean_square() -> None:
    """Both paths are added and scaled by the root of a half."""
    x = torch.randn(4, 32, 1, 1).expand(-1, -1, 16, 16)  # smooth: the filter keeps it
    y = ResidualBlock(32, 24)(x)

    assert y.shape == (4, 24, 8, 8)
    assert 0.3 < y.square().mean().item() < 3.0


def test_scores_depend_on_the_class_with_projection_only() -> None:
    """And then it must be told."""
    config = StyleganConfig(16, 1, 8, 6, 2, 64, 8, classes=3)
    images, labels = torch.randn(4, 1, 16, 16), torch.tensor([0, 1, 2, 0])
    with_classes = StyleganDiscriminator(config, PROJECTION)
    without = StyleganDiscriminator(TINY, PLAIN)

    assert not torch.equal(
        with_classes(images, None, labels), with_classes(images, None, labels * 0)
    )
    assert torch.equal(without(images, None, labels), without(images))
    with pytest.raises(ValueError, match="must be told those of the images"):
        with_classes(images)


def test_images_of_one_group_share_their_deviation() -> None:
    """The score of an image depends on its group, unless groups have one image."""
    images = torch.randn(4, 1, 16, 16)
    for group, same in ((1, True), (4, False)):
        network = StyleganDiscriminator(TINY, DiscriminatorOptions(stddev_group=group))
        others = torch.cat([images[:1], 3.0 * images[1:]])
        assert torch.allclose(network(images)[0], network(others)[0], atol=1e-5) == same


def test_other_sizes_and_families_are_refused() -> None:
    """It has one level."""
    with pytest.raises(ValueError, match="images of 16 px only"):
        StyleganDiscriminator(TINY, PLAIN)(torch.randn(4, 1, 8, 8), Growth(1))
    with pytest.raises(TypeError, match="cannot be built of ProganConfig"):
        StyleganDiscriminator(ProganConfig(16), PLAIN)
