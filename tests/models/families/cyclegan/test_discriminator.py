"""The discriminators of a CycleGAN: published sizes, patches, earlier fakes."""

from __future__ import annotations

import pytest
import torch

from models.families.cyclegan.config import CycleganConfig
from models.families.cyclegan.discriminator import CycleganDiscriminator, cyclegan_discriminator
from models.families.dcgan.config import DcganConfig
from models.family import DiscriminatorOptions
from models.growth import Growth

TINY = CycleganConfig(16, 3, 4, 1, 4, 2)


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (CycleganConfig(256), 2_764_737),
        (CycleganConfig(64, discriminator_maps=32), 694_241),
        (CycleganConfig(64, discriminator_maps=24), 391_657),
        (CycleganConfig(64, discriminator_maps=16), 175_089),
        (CycleganConfig(32, discriminator_maps=24, discriminator_layers=2), 95_017),
    ],
)
def test_each_domain_has_as_many_parameters_as_published(
    config: CycleganConfig, count: int
) -> None:
    """The first is that of the paper."""
    with torch.device("meta"):
        discriminator = CycleganDiscriminator(config)

    assert [sum(p.numel() for p in each.parameters()) for each in discriminator.of] == [count] * 2


def test_a_score_sees_a_patch_of_70_pixels() -> None:
    """Its gradient reaches that far and no further (Isola et al. 2017)."""
    config = CycleganConfig(128, discriminator_maps=2)
    discriminator = CycleganDiscriminator(config)
    for module in discriminator.modules():  # statistics would reach over the whole picture
        if type(module).__name__ == "InstanceNorm":
            module.forward = lambda x: x  # type: ignore[method-assign]
    picture = torch.randn(1, 3, 128, 128, requires_grad=True)
    scores = discriminator.patches(picture, 0)
    scores[0, 0, 7, 7].backward()
    assert picture.grad is not None
    rows = picture.grad.abs().sum((0, 1, 3)).nonzero().flatten()

    assert scores.shape == (1, 1, 14, 14)
    assert int(rows.max() - rows.min()) + 1 == 70


def test_scores_are_means_over_the_patches_of_the_own_domain() -> None:
    """One for each picture."""
    discriminator = CycleganDiscriminator(TINY)
    pictures = torch.randn(2, 3, 16, 16)
    scores = discriminator(pictures, Growth(2), torch.tensor([1, 0]))
    expected = [discriminator.patches(pictures[:1], 1).mean()]
    expected += [discriminator.patches(pictures[1:], 0).mean()]

    assert torch.equal(scores, torch.stack(expected))
    with pytest.raises(ValueError, match="pictures of 16 px and their domains"):
        discriminator(pictures)
    with pytest.raises(ValueError, match="pictures of 16 px and their domains"):
        discriminator(pictures, Growth(1), torch.tensor([1, 0]))


def test_earlier_fakes_are_part_of_its_state() -> None:
    """So that checkpoints hold them; without any there is nothing to hold."""
    with_pool = cyclegan_discriminator(TINY, DiscriminatorOptions(pool_size=5))
    pool = with_pool.pool(1)

    assert pool is not None
    assert (pool[0].shape, pool[1].item()) == ((5, 3, 16, 16), 0)
    assert {"pool_0", "pool_1", "pooled_0", "pooled_1"} <= set(with_pool.state_dict())
    assert CycleganDiscriminator(TINY).pool(0) is None
    with pytest.raises(TypeError, match="cannot be built of DcganConfig"):
        cyclegan_discriminator(DcganConfig(16), DiscriminatorOptions())
