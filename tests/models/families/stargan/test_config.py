"""The configuration of a StarGAN: what it costs, and what no network has."""

from __future__ import annotations

import pytest

from models.families.configs import read_network
from models.families.stargan.config import StarganConfig


@pytest.mark.parametrize(
    ("config", "gigaops"),
    [
        (StarganConfig(128, classes=5), 9.96),
        (StarganConfig(64, generator_maps=32, discriminator_layers=5, classes=5), 0.658),
        (
            StarganConfig(
                64, generator_maps=24, generator_blocks=4, discriminator_layers=5, classes=5
            ),
            0.298,
        ),
    ],
)
def test_every_size_costs_the_whole_network(config: StarganConfig, gigaops: float) -> None:
    """Multiply-adds, counted by hand from the layers of the paper, to three digits."""
    costs = config.path_costs()

    assert costs == [costs[-1]] * len(config.resolutions)
    assert costs[-1] / 1e9 == pytest.approx(gigaops, rel=0.005)


def test_it_takes_a_picture_and_a_domain() -> None:
    """Its entry vector holds both; the picture is not square where the data are not."""
    config = StarganConfig(32, 1, 4, 1, 4, 2, 3, base_height=6)

    assert config.takes == ("source", "to")
    assert (config.latent_size, config.entry_size) == (48 * 32, 48 * 32 + 3)
    assert (config.patch_map, config.feature_maps(3), config.feature_maps(0)) == ((12, 8), 4, 16)
    assert read_network(config.to_dict()) == config
    assert "latent_size" not in config.to_dict()


def test_a_network_that_cannot_be_is_refused() -> None:
    """With what to choose instead."""
    with pytest.raises(ValueError, match="between 2 or more domains, not 1"):
        StarganConfig(128, classes=1)
    with pytest.raises(ValueError, match="halve a picture of 32 pixels until nothing is left"):
        StarganConfig(32)
    with pytest.raises(ValueError, match="must be at most 8"):
        StarganConfig(1024, discriminator_layers=9)
    with pytest.raises(ValueError, match="generator_blocks must be at most 64, not 1048576"):
        StarganConfig(64, generator_blocks=1 << 20)
