"""The discriminator of a DCGAN: published sizes, and its three uses of classes."""

from __future__ import annotations

import pytest
import torch

from models.families.dcgan.config import DcganConfig
from models.families.dcgan.discriminator import DcganDiscriminator
from models.families.progan.config import ProganConfig
from models.family import DiscriminatorOptions
from models.growth import Growth

TINY = DcganConfig(16, 1, 8, generator_maps=4, discriminator_maps=4, classes=3)
LABELS = torch.tensor([0, 1, 2, 1])


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (DcganConfig(64), 2_765_568),
        (DcganConfig(64, 1), 2_763_520),
        (DcganConfig(32), 663_296),
        (DcganConfig(32, 1), 661_248),
        (DcganConfig(32, 1, discriminator_maps=32), 166_784),
        (DcganConfig(128), 11_164_416),
    ],
)
def test_it_has_as_many_parameters_as_the_published_network(
    config: DcganConfig, count: int
) -> None:
    """Those of PyTorch's example at 64 px; at 32 and 128 px with a layer less or more."""
    with torch.device("meta"):
        discriminator = DcganDiscriminator(config, DiscriminatorOptions(penalised=False))

    assert sum(p.numel() for p in discriminator.parameters()) == count


@pytest.mark.parametrize("labels", ["concatenation", "projection"])
def test_a_score_depends_on_the_class(labels: str) -> None:
    """And the class must be told."""
    discriminator = DcganDiscriminator(TINY, DiscriminatorOptions(labels))
    images = torch.randn(4, 1, 16, 16)

    scores = discriminator(images, None, LABELS)

    assert scores.shape == (4,)
    assert not torch.allclose(scores, discriminator(images, None, LABELS.flip(0)))
    with pytest.raises(ValueError, match="must be told those of the images"):
        discriminator(images)


def test_a_second_head_names_the_class() -> None:
    """The score then does not depend on it."""
    discriminator = DcganDiscriminator(TINY, DiscriminatorOptions("acgan"))
    images = torch.randn(4, 1, 16, 16)

    assert discriminator.classify(images, Growth(2)).shape == (4, 3)
    assert torch.equal(discriminator(images, None, LABELS), discriminator(images))
    with pytest.raises(TypeError, match="does not name classes"):
        DcganDiscriminator(TINY, DiscriminatorOptions()).classify(images, Growth(2))


@pytest.mark.parametrize("penalised", [False, True])
def test_with_a_gradient_penalty_no_score_depends_on_other_images(penalised: bool) -> None:
    """Batch normalisation would make it do so (Gulrajani et al. 2017, section 4)."""
    discriminator = DcganDiscriminator(TINY, DiscriminatorOptions(penalised=penalised))
    images = torch.randn(4, 1, 16, 16)

    alone = discriminator(images[:2])

    assert torch.allclose(discriminator(images)[:2], alone, atol=1e-5) is penalised


def test_images_below_its_own_level_are_refused() -> None:
    """It does not grow."""
    discriminator = DcganDiscriminator(TINY, DiscriminatorOptions())

    with pytest.raises(ValueError, match="scores images of 16 px only"):
        discriminator(torch.randn(4, 1, 8, 8), Growth(1))
    with pytest.raises(TypeError, match="cannot be built of ProganConfig"):
        DcganDiscriminator(ProganConfig(32), DiscriminatorOptions())
