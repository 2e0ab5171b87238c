"""Centres of truncation are the mean styles of fixed seeds."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from models.families.dcgan.config import DcganConfig
from models.families.dcgan.generator import DcganGenerator
from models.families.stylegan.generator import StyleganGenerator
from tests.training.styled import NETWORK
from training.game.centres import CENTRE_SEEDS, compute_centres
from training.rendering import latents_and_labels


@pytest.mark.parametrize("classes", [0, 3])
def test_each_class_has_the_mean_of_its_styles(classes: int) -> None:
    """The same again, since they are a function of the weights."""
    generator = StyleganGenerator(replace(NETWORK, classes=classes))
    compute_centres(generator)
    label = classes - 1 if classes else 0
    z, labels = latents_and_labels(generator, CENTRE_SEEDS, [label] * len(CENTRE_SEEDS))
    expected = generator.styles(z, labels).mean(dim=0)

    torch.testing.assert_close(generator.centres[label], expected, atol=1e-5, rtol=1e-5)
    first = generator.centres.clone()
    compute_centres(generator)
    assert torch.equal(first, generator.centres)


def test_other_generators_have_none() -> None:
    """Nothing happens."""
    generator = DcganGenerator(DcganConfig(8, 1, 8, generator_maps=4))
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    compute_centres(generator)

    assert all(torch.equal(value, before[name]) for name, value in generator.state_dict().items())
