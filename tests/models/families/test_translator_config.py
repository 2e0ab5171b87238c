"""What the configurations of all translating families share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.families.cyclegan.config import CycleganConfig
from models.families.stargan.config import StarganConfig

CYCLEGAN, STARGAN = CycleganConfig(64), StarganConfig(64, discriminator_layers=5, classes=3)


@pytest.mark.parametrize("config", [CYCLEGAN, STARGAN])
def test_the_input_is_a_picture_and_a_domain(config: CycleganConfig | StarganConfig) -> None:
    """Maps double at both halvings, and all levels cost the same."""
    assert config.latent_size == 3 * 64 * 64
    assert config.entry_size == config.latent_size + config.classes
    assert config.takes == ("source", "to")
    assert [config.feature_maps(level) for level in range(5)] == [256, 256, 256, 128, 64]
    assert len(set(config.path_costs())) == 1


def test_costs_follow_the_kernels() -> None:
    """Counted by hand: first and last layer, two halvings and doublings, residual blocks."""
    tiny = CycleganConfig(16, 3, 4, 1, 4, 2)
    ends, halvings = 2 * 49 * 3 * 4 * 256, 2 * 9 * (4 * 8 * 64 + 8 * 16 * 16)

    assert tiny.path_costs()[-1] == ends + halvings + 2 * 9 * 16 * 16 * 16


@pytest.mark.parametrize("config", [CYCLEGAN, STARGAN])
def test_a_damaged_card_describes_no_endless_network(
    config: CycleganConfig | StarganConfig,
) -> None:
    """The message tells the limit."""
    with pytest.raises(ValueError, match="generator_blocks must be at most 64, not 65"):
        replace(config, generator_blocks=65)
    with pytest.raises(ValueError, match="discriminator_layers must be at most 8"):
        replace(config, discriminator_layers=9)
