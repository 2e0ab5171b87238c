"""The generator of a StyleGAN2: published sizes, box filters, classes."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.generator import StyleganGenerator
from models.growth import Growth

TINY = StyleganConfig(16, 1, 8, 6, 2, 64, 8)


@pytest.mark.parametrize(
    ("config", "count", "mapping"),
    [
        (StyleganConfig(1024), 30_370_060, 2_101_248),
        (StyleganConfig(256, mapping_layers=2, fmap_base=16384), 23_191_522, 525_312),
        (StyleganConfig(256, fmap_base=16384), 24_767_458, 2_101_248),
        (StyleganConfig(32, mapping_layers=2, fmap_base=16384), 19_947_539, 525_312),
        (StyleganConfig(32, mapping_layers=2, fmap_base=16384, classes=10), 20_215_315, 793_088),
        (StyleganConfig(64, 3, 128, 128, 4, 2048, 128), 1_127_544, 66_048),
        (StyleganConfig(32, 1, 96, 96, 2, 1024, 96, 10), 480_555, 28_896),
    ],
)
def test_it_has_as_many_parameters_as_the_published_network(
    config: StyleganConfig, count: int, mapping: int
) -> None:
    """The first is configuration F of the paper at 1024 px."""
    with torch.device("meta"):
        generator = StyleganGenerator(config)

    assert sum(p.numel() for p in generator.parameters()) == count
    assert sum(p.numel() for p in generator.mapping.parameters()) == mapping


def test_smaller_images_are_the_finished_one_box_filtered() -> None:
    """Exactly, so that a thumbnail shows what the picture shows."""
    generator, z = StyleganGenerator(TINY).eval(), torch.randn(2, 8)
    whole = generator(z)

    for level in range(3):
        small = generator(z, Growth(level))
        torch.testing.assert_close(small, F.avg_pool2d(whole, 4 >> level), atol=1e-6, rtol=0)


def test_images_of_one_style_in_all_layers_are_those_of_its_latent() -> None:
    """Training draws by styles and noise, everything else by latents."""
    generator, z = StyleganGenerator(TINY).eval(), torch.randn(1, 8)
    styles = generator.styles(z)[:, None].expand(-1, TINY.style_layers, -1)

    torch.testing.assert_close(generator.draw(styles), generator(z))


def test_a_class_changes_the_image() -> None:
    """And must be told."""
    generator = StyleganGenerator(StyleganConfig(16, 1, 8, 6, 2, 64, 8, classes=2)).eval()
    z = torch.randn(1, 8)

    one, other = (generator(z, None, torch.tensor([label])) for label in (0, 1))
    assert not torch.equal(one, other)
    with pytest.raises(ValueError, match="labels are needed where there are some"):
        generator(z)
