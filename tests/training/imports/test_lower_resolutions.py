"""The pictures of lower resolutions of an imported generator."""

import torch

from models.families.dcgan.config import DcganConfig
from models.families.dcgan.generator import DcganGenerator
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from training.imports.lower_resolutions import BOX_FILTERED, GROWN, lower_resolutions


def test_a_generator_that_grew_keeps_its_own() -> None:
    """Their fidelity is measured, and differs from perfect."""
    generator = Generator(ProganConfig(16, 3, 8, 64, 8)).eval().requires_grad_(False)

    lower = lower_resolutions(generator)

    assert lower.generator is generator
    assert lower.told == GROWN
    assert [each.psnr_db is None for each in lower.exits] == [False, False, True]


def test_any_other_generator_gets_box_filters() -> None:
    """With the same weights."""
    generator = DcganGenerator(DcganConfig(16, 3, 8, 4, 4)).eval()

    lower = lower_resolutions(generator)

    assert lower.told == BOX_FILTERED
    assert [(each.resolution, each.psnr_db) for each in lower.exits] == [
        (4, None),
        (8, None),
        (16, None),
    ]
    z = torch.zeros(2, 8)
    assert (lower.generator(z) == generator(z)).all()
