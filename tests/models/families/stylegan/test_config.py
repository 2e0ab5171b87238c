"""The configuration of a StyleGAN2: feature maps, layers with styles, costs."""

from __future__ import annotations

import pytest

from models.families.stylegan.config import StyleganConfig

TINY = StyleganConfig(16, 1, 8, 6, 2, 64, 8)


def test_feature_maps_are_those_of_the_published_networks() -> None:
    """512 up to 64 px, 32 at 1024 px."""
    config = StyleganConfig(1024)

    assert [config.feature_maps(level) for level in range(9)] == [512] * 5 + [256, 128, 64, 32]


@pytest.mark.parametrize(("resolution", "layers"), [(8, 4), (32, 8), (256, 14), (1024, 18)])
def test_each_level_above_the_first_has_two_layers_with_styles(
    resolution: int, layers: int
) -> None:
    """And one style more is that of the last layer to the image."""
    config = StyleganConfig(resolution, style_size=10)

    assert config.style_layers == layers
    assert config.entry_size == 10 * layers


def test_it_takes_truncation_and_a_second_style() -> None:
    """Beside a seed, and a label where there are classes."""
    assert TINY.takes == ("seed", "psi", "mix")
    assert StyleganConfig(16, classes=2).takes == ("seed", "label", "psi", "mix")


def test_costs_grow_from_level_to_level() -> None:
    """At 1024 px about the 74 billion multiply-adds that the published network needs."""
    costs = StyleganConfig(1024).path_costs()

    assert costs == sorted(costs)
    assert costs[-1] == pytest.approx(74.3e9, rel=0.02)


def test_a_network_without_feature_maps_is_refused() -> None:
    """With the smallest base that has some."""
    with pytest.raises(ValueError, match="must be at least 64"):
        StyleganConfig(64, fmap_base=63)


def test_a_mapping_network_without_end_is_refused() -> None:
    """Before a layer of it is built: a card may be damaged, or hostile."""
    with pytest.raises(ValueError, match="mapping_layers must be at most 64, not 1048576"):
        StyleganConfig(64, mapping_layers=1 << 20)
