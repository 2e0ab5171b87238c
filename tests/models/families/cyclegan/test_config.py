"""The configuration of a CycleGAN: what it costs, and what no network has."""

from __future__ import annotations

import pytest

from models.families.configs import read_network
from models.families.cyclegan.config import CycleganConfig


@pytest.mark.parametrize(
    ("config", "gigaops"),
    [
        (CycleganConfig(256), 49.6),
        (CycleganConfig(128, generator_blocks=6), 8.76),
        (CycleganConfig(64, generator_maps=24, generator_blocks=4), 0.241),
        (CycleganConfig(64, generator_maps=16, generator_blocks=4), 0.114),
    ],
)
def test_every_size_costs_a_whole_network(config: CycleganConfig, gigaops: float) -> None:
    """Multiply-adds, counted by hand from the layers of the paper, to three digits."""
    costs = config.path_costs()

    assert costs == [costs[-1]] * len(config.resolutions)
    assert costs[-1] / 1e9 == pytest.approx(gigaops, rel=0.005)


def test_it_takes_a_picture_and_a_domain() -> None:
    """Its entry vector holds both; the picture is not square where the data are not."""
    config = CycleganConfig(32, 1, 4, 1, 4, 2, base_height=6)

    assert config.takes == ("source", "to")
    assert (config.latent_size, config.entry_size) == (48 * 32, 48 * 32 + 2)
    assert read_network(config.to_dict()) == config
    assert "latent_size" not in config.to_dict()


def test_a_network_that_cannot_be_is_refused() -> None:
    """With what to choose instead."""
    with pytest.raises(ValueError, match="between 2 domains, not 3: prepare 2 sources"):
        CycleganConfig(64, classes=3)
    with pytest.raises(ValueError, match="leave 2 of 16 pixels, and 3 are needed: choose fewer"):
        CycleganConfig(16)
    with pytest.raises(ValueError, match="must be at most 8"):
        CycleganConfig(1024, discriminator_layers=9)
    with pytest.raises(ValueError, match="generator_blocks must be at most 64, not 1048576"):
        CycleganConfig(64, generator_blocks=1 << 20)
