"""The shapes of the published pair."""

import pytest
from torch import nn

from training.benchmark.config import NETWORKS, StackedMnistConfig
from training.benchmark.networks import SmallGenerator


@pytest.mark.parametrize(("name", "maps"), [("normal", 8), ("k2", 4), ("k4", 2)])
def test_the_discriminator_has_a_part_of_the_generators_maps(name: str, maps: int) -> None:
    """At 32 px all, half or a quarter of 8; the generator is the same in all pairs."""
    config = NETWORKS[name]

    assert [config.feature_maps(level) for level in range(4)] == [64, 32, 16, 8]
    assert config.discriminator_feature_maps(3) == maps


def test_a_level_costs_what_its_layer_multiplies() -> None:
    """Each weight of a 4x4 kernel with stride 2 takes part in a quarter of the pixels."""
    config = StackedMnistConfig(1)
    generator = SmallGenerator(config)
    layers: list[nn.Module] = [*generator.levels]
    of_levels = [
        layer.get_parameter("weight").numel() // 9 * 4 * resolution**2
        for layer, resolution in zip(layers, (8, 16, 32), strict=True)
    ]
    dense = generator.dense.weight.numel()

    assert config.path_costs() == [dense + sum(of_levels[:count]) for count in range(4)]


def test_a_divisor_of_nothing_is_refused() -> None:
    """As every field of a configuration must be above 0."""
    with pytest.raises(ValueError, match="divisor must be a whole number above 0"):
        StackedMnistConfig(0)
