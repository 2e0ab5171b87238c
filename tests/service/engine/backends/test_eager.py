"""A folded network computes what the plain one does."""

from __future__ import annotations

import pytest
import torch

from models.exit_shape import ExitShape
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.growth import Growth
from service.engine.backends.eager import eager_network

CPU = torch.device("cpu")


@pytest.mark.parametrize("tiling", [False, True])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_form_makes_the_pictures_of_the_generator(channels: int, tiling: bool) -> None:
    """At every exit, also with wide and deep ones."""
    config = ProganConfig(32, channels, 16, 256, 16, tiling=tiling)
    shapes = (ExitShape(), ExitShape((3,)), ExitShape((1, 3, 3, 1), (24, 16, 8)), ExitShape((5,)))
    generator = Generator(config, shapes).eval().requires_grad_(False)
    z = torch.randn(3, 16, generator=torch.Generator().manual_seed(2))
    expected = [generator(z, Growth(level)) for level in range(4)]
    form = eager_network(generator, CPU)

    features = z
    for step, way, picture in zip(form.trunk, form.ways, expected, strict=True):
        features = step(features)
        torch.testing.assert_close(way(features), picture)
    assert ((1, 2, 3, 4), (4, 8, 16, 32)) == (form.starts, form.resolutions)


def test_features_keep_the_memory_order_that_convolutions_like() -> None:
    """From the stem to the last level."""
    generator = Generator(ProganConfig(16, 3, 16, 256, 16)).eval().requires_grad_(False)
    form = eager_network(generator, CPU)
    features = form.trunk[0](torch.zeros(2, 16))
    for level in form.trunk[1:]:
        assert features.is_contiguous(memory_format=torch.channels_last)
        features = level(features)
    assert features.is_contiguous(memory_format=torch.channels_last)
