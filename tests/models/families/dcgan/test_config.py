"""The shape of a DCGAN, as plain data."""

from __future__ import annotations

from typing import Any

import pytest

from models.families.configs import read_network
from models.families.dcgan.config import DcganConfig


def test_maps_halve_from_level_to_level() -> None:
    """Those of the published network of 64 px; at the top are the channels of the image."""
    config = DcganConfig(64)

    assert [config.feature_maps(level) for level in range(5)] == [512, 256, 128, 64, 3]
    assert [config.discriminator_feature_maps(level) for level in range(4)] == [512, 256, 128, 64]


@pytest.mark.parametrize(
    ("resolution", "channels", "maps", "cost"),
    [(64, 3, 64, 104.6e6), (64, 1, 64, 102.5e6), (32, 3, 64, 18.0e6), (32, 1, 32, 4.5e6)],
)
def test_the_cost_is_that_of_the_published_networks(
    resolution: int, channels: int, maps: int, cost: float
) -> None:
    """Multiply-adds of the generator for one image."""
    config = DcganConfig(resolution, channels, generator_maps=maps)

    assert config.path_costs()[-1] == pytest.approx(cost, rel=0.01)


def test_a_card_names_the_family() -> None:
    """And is read as what it is."""
    config = DcganConfig(32, 1, classes=10)

    assert config.to_dict()["family"] == "dcgan"
    assert read_network(config.to_dict()) == config
    assert (config.entry_size, config.takes) == (110, ("seed", "label"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"resolution": 256}, "at most 128 px, not 256"),
        ({"generator_maps": 0}, "generator_maps must be a whole number above 0"),
        ({"family": "vae"}, "family must be 'dcgan', not 'vae'"),
        ({"channels": 2}, "channels must be one of"),
    ],
)
def test_a_network_that_cannot_be_built_is_refused(settings: dict[str, Any], message: str) -> None:
    """The message names the setting and says what is allowed."""
    values: dict[str, Any] = {"resolution": 32, **settings}
    with pytest.raises(ValueError, match=message):
        DcganConfig(**values)
