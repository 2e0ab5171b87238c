"""The generator of a StarGAN: published sizes, all domains."""

from __future__ import annotations

import pytest
import torch

from models.families.stargan.config import StarganConfig
from models.families.stargan.generator import StarganGenerator

TINY = StarganConfig(16, 3, 4, 1, 4, 2, 3)


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (StarganConfig(128, classes=5), 8_430_528),
        (StarganConfig(128, classes=8), 8_439_936),
        (StarganConfig(64, generator_maps=32, discriminator_layers=5, classes=5), 2_118_112),
        (
            StarganConfig(
                64, generator_maps=24, generator_blocks=4, discriminator_layers=5, classes=5
            ),
            862_824,
        ),
    ],
)
def test_it_has_as_many_parameters_as_published(config: StarganConfig, count: int) -> None:
    """The first two are those of the paper, for CelebA and for the eight expressions of RaFD."""
    with torch.device("meta"):
        generator = StarganGenerator(config)

    assert sum(p.numel() for p in generator.parameters()) == count


def test_one_source_becomes_another_picture_in_each_domain() -> None:
    """In one batch, in which each picture has the domain of its own."""
    generator = StarganGenerator(TINY).eval().requires_grad_(False)
    source = torch.rand(1, 3, 16, 16) * 2 - 1
    made = generator.translate(source.expand(3, -1, -1, -1), torch.arange(3))
    alone = generator(source.flatten(1), None, torch.tensor([1]))

    assert (made.shape, bool(made.abs().max() <= 1.0)) == ((3, 3, 16, 16), True)
    assert all(not torch.allclose(made[a], made[b]) for a, b in ((0, 1), (1, 2), (0, 2)))
    torch.testing.assert_close(made[1:2], alone, atol=1e-5, rtol=1e-5)


def test_without_domains_there_is_no_network() -> None:
    """A preset has none yet; those of the data are put in before anything is built."""
    with pytest.raises(ValueError, match="two domains or more; this one has none"):
        StarganGenerator(StarganConfig(128))
