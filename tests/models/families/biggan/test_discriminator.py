"""The discriminator of a BigGAN: published sizes, classes, independence of the batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.families.biggan.config import BigganConfig
from models.families.biggan.discriminator import BigganDiscriminator
from models.families.biggan.offer import draw_biggan_weights
from models.families.progan.config import ProganConfig
from models.family import DiscriminatorOptions
from models.growth import Growth

PROJECTION = DiscriminatorOptions(labels="projection")
TINY = BigganConfig(16, 1, 9, 4, 256, 16, attention=8, classes=3)


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (BigganConfig(128, attention=64, classes=1000), 87_982_370),
        (BigganConfig(32, 3, 128, 0, 1 << 20, 256, classes=10), 4_207_361),
    ],
)
def test_it_has_as_many_parameters_as_the_published_network(
    config: BigganConfig, count: int
) -> None:
    """Of the authors' code at 128 px and for CIFAR-10."""
    with torch.device("meta"):
        discriminator = BigganDiscriminator(config, PROJECTION)

    assert sum(p.numel() for p in discriminator.parameters()) == count


@pytest.mark.parametrize("resolution", [8, 16, 32, 64])
def test_an_image_has_one_score_whatever_else_is_in_its_batch(resolution: int) -> None:
    """So gradient penalties are defined; kernels of other batch sizes round differently."""
    config = BigganConfig(resolution, 1, 840, 4, 1024, 16, classes=3)
    discriminator = BigganDiscriminator(config, PROJECTION).eval().requires_grad_(False)
    images, labels = torch.randn(3, 1, resolution, resolution), torch.tensor([0, 1, 2])

    together = discriminator(images, None, labels)

    assert together.shape == (3,)
    for place in range(3):
        alone = discriminator(images[place, None], None, labels[place, None])
        torch.testing.assert_close(alone[0], together[place], atol=1e-3, rtol=1e-4)


def test_a_class_changes_the_score() -> None:
    """And must be told; a smaller image has none."""
    discriminator = BigganDiscriminator(TINY, PROJECTION)
    draw_biggan_weights(discriminator, np.random.default_rng(0))
    discriminator.eval()
    image = torch.randn(1, 1, 16, 16)

    one, other = (discriminator(image, None, torch.tensor([label])) for label in (0, 1))
    assert not torch.equal(one, other)
    with pytest.raises(ValueError, match="must be told"):
        discriminator(image)
    with pytest.raises(ValueError, match="16 px only"):
        discriminator(image, Growth(1), torch.tensor([0]))


def test_another_family_is_refused() -> None:
    """By name."""
    with pytest.raises(TypeError, match="cannot be built of ProganConfig"):
        BigganDiscriminator(ProganConfig(16), PROJECTION)
