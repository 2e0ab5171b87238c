"""The layers of a Progressive GAN, as any tool may have stored them."""

from tests.training.imports.layers_of_zeros import layers_of


def test_the_feature_maps_are_those_that_the_exits_read() -> None:
    """One number for each level."""
    assert layers_of([8, 8, 4]).maps == [8, 8, 4]
