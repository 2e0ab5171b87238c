"""The generators of a CycleGAN: published sizes, both directions, box filters."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from models.entrance import ClassPoint
from models.exit_shape import BOX, ExitShape
from models.families.cyclegan.config import CycleganConfig
from models.families.cyclegan.generator import CycleganGenerator
from models.families.dcgan.config import DcganConfig
from models.growth import Growth
from models.resolution import level_of

TINY = CycleganConfig(16, 3, 4, 1, 4, 2)


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (CycleganConfig(256), 11_378_179),
        (CycleganConfig(128, generator_blocks=6), 7_837_699),
        (CycleganConfig(64, generator_maps=32, generator_blocks=6), 1_965_059),
        (CycleganConfig(64, generator_maps=24, generator_blocks=4), 775_299),
        (CycleganConfig(64, generator_maps=16, generator_blocks=4), 346_371),
    ],
)
def test_each_direction_has_as_many_parameters_as_published(
    config: CycleganConfig, count: int
) -> None:
    """The first two are those of the paper; two networks of one size."""
    with torch.device("meta"):
        generator = CycleganGenerator(config)

    assert [sum(p.numel() for p in each.parameters()) for each in generator.into] == [count] * 2
    assert sum(p.numel() for p in generator.parameters()) == 2 * count


def test_trunk_and_ways_make_the_pictures_of_the_network() -> None:
    """At every resolution, in both directions; the two share no picture."""
    generator = CycleganGenerator(TINY).eval().requires_grad_(False)
    sources = torch.rand(2, TINY.latent_size) * 2 - 1
    made: list[torch.Tensor] = []
    for way in generator.ways:
        assert way.label is not None
        point = ClassPoint(way.label, way.label)
        x = torch.stack([generator.entrance.enter(source, point) for source in sources])
        for module in generator.trunk[: way.start]:
            x = module(x)
        image = F.avg_pool2d(way.module(x), way.box)
        growth = Growth(level_of(TINY.resolution // way.box))
        labels = torch.full((2,), way.label)
        assert torch.equal(image, generator(sources, growth, labels))
        made.append(image)

    assert [way.label for way in generator.ways] == [0, 1] * 3
    assert [image.shape[-1] for image in made] == [4, 4, 8, 8, 16, 16]
    assert not torch.allclose(made[-1], made[-2])
    assert all(image.abs().max() <= 1.0 for image in made)


def test_pictures_of_one_batch_may_go_into_different_domains() -> None:
    """Each is the same as with others of its own domain, up to the rounding of a batch size."""
    generator = CycleganGenerator(TINY).eval().requires_grad_(False)
    sources = torch.rand(3, TINY.latent_size) * 2 - 1
    mixed = generator(sources, None, torch.tensor([1, 0, 1]))
    into_1 = generator(sources, None, torch.tensor([1, 1, 1]))

    torch.testing.assert_close(mixed[[0, 2]], into_1[[0, 2]], atol=1e-5, rtol=1e-5)
    assert not torch.allclose(mixed[1], into_1[1])


def test_what_it_does_not_do_is_refused() -> None:
    """In words."""
    generator = CycleganGenerator(TINY)
    with pytest.raises(ValueError, match="needs the domain"):
        generator(torch.zeros(1, TINY.latent_size))
    with pytest.raises(ValueError, match="does not fade"):
        generator(torch.zeros(1, TINY.latent_size), Growth(2, 0.5), torch.tensor([0]))
    with pytest.raises(ValueError, match="one level of its own, 2"):
        generator.up_to(1)
    with pytest.raises(ValueError, match="box filters in place of exits"):
        CycleganGenerator(TINY, (ExitShape(), BOX, BOX))
    with pytest.raises(TypeError, match="cannot be built of DcganConfig"):
        CycleganGenerator(DcganConfig(16))
    assert generator.up_to(2) is generator
