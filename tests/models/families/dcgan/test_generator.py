"""The generator of a DCGAN: published sizes, box filters, classes."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from models.families.dcgan.config import DcganConfig
from models.families.dcgan.generator import DcganGenerator
from models.growth import Growth

TINY = DcganConfig(16, 1, 8, generator_maps=4, discriminator_maps=4)


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (DcganConfig(64), 3_576_704),
        (DcganConfig(64, 1), 3_574_656),
        (DcganConfig(32), 1_068_928),
        (DcganConfig(32, 1), 1_066_880),
        (DcganConfig(32, 1, generator_maps=32), 369_600),
        (DcganConfig(32, 1, classes=10), 1_107_840),
        (DcganConfig(128), 12_786_560),
    ],
)
def test_it_has_as_many_parameters_as_the_published_network(
    config: DcganConfig, count: int
) -> None:
    """Those of PyTorch's example at 64 px; at 32 and 128 px with a layer less or more."""
    with torch.device("meta"):
        generator = DcganGenerator(config)

    assert sum(p.numel() for p in generator.parameters()) == count


def test_smaller_images_are_the_finished_one_box_filtered() -> None:
    """Exactly, so that a thumbnail shows what the picture shows."""
    generator, z = DcganGenerator(TINY).eval(), torch.randn(2, 8)
    whole = generator(z)

    for level in range(3):
        small = generator(z, Growth(level))
        torch.testing.assert_close(small, F.avg_pool2d(whole, 4 >> level), atol=1e-6, rtol=0)


def test_a_class_changes_the_image() -> None:
    """And must be told."""
    generator = DcganGenerator(DcganConfig(16, 1, 8, generator_maps=4, classes=2)).eval()
    z = torch.randn(1, 8)

    one, other = (generator(z, None, torch.tensor([label])) for label in (0, 1))
    assert not torch.equal(one, other)
    with pytest.raises(ValueError, match="labels are needed where there are some"):
        generator(z)
