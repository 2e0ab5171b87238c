"""The networks of the mode-recovery experiment."""

import pytest
import torch

from models.growth import Growth
from training.benchmark.config import NETWORKS, StackedMnistConfig
from training.benchmark.networks import SmallDiscriminator, small_networks


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_generator_and_discriminator_fit(name: str) -> None:
    """Latents become pictures of 32 px, pictures become one score each."""
    generator, discriminator = small_networks(NETWORKS[name])
    images = generator(torch.randn(4, 64))

    assert images.shape == (4, 3, 32, 32)
    assert discriminator(images).shape == (4,)


@pytest.mark.parametrize(("divisor", "maps"), [(1, [8, 16, 32]), (2, [4, 8, 16]), (4, [2, 4, 8])])
def test_the_discriminator_is_divided_by_k(divisor: int, maps: list[int]) -> None:
    """K/2 has half of the generator's maps at each resolution, K/4 a quarter, the normal all."""
    discriminator = SmallDiscriminator(StackedMnistConfig(divisor))

    assert [len(level.get_parameter("weight")) for level in discriminator.levels] == maps


def test_a_crippled_discriminator_sees_the_batch() -> None:
    """The score of an image depends on the others: the deviation of the batch is among its data."""
    _, discriminator = small_networks(NETWORKS["k4"])
    image = torch.randn(1, 3, 32, 32)
    alike, varied = image.expand(8, -1, -1, -1), torch.cat([image, torch.randn(7, 3, 32, 32)])

    assert not torch.allclose(discriminator(alike)[0], discriminator(varied)[0])


def test_scores_are_of_whole_images() -> None:
    """A step at a lower level would score something else."""
    _, discriminator = small_networks(NETWORKS["k4"])

    with pytest.raises(ValueError, match="scores images of 32 px only"):
        discriminator(torch.randn(2, 3, 16, 16), Growth(2))
