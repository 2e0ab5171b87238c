"""Directions by both methods, of every family that has latents or styles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from models.families.biggan.config import BigganConfig
from models.families.config import FamilyConfig
from models.families.configs import FAMILY_CONFIGS
from models.families.cyclegan.config import CycleganConfig
from models.families.dcgan.config import DcganConfig
from models.families.progan.config import ProganConfig
from models.families.stargan.config import StarganConfig
from models.families.table import FAMILIES
from models.family import ImageGenerator
from models.latent import latent_of
from tests.service.styled_models import styled_generator
from training.directions import finding
from training.directions.finding import FoundDirections, factorised, principal

COUNT = 4
Find = Callable[[ImageGenerator, int], FoundDirections]


@pytest.fixture(autouse=True)
def _few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "SAMPLED_SEEDS", 400)


def generator_of(family: str, classes: int) -> ImageGenerator:
    """A tiny generator of random weights."""
    if family == "stylegan":
        return styled_generator(classes)
    configs = {
        "progan": ProganConfig(16, 3, 8, 64, 8, classes),
        "dcgan": DcganConfig(16, 3, 8, 8, 8, classes),
        "biggan": BigganConfig(16, 3, 9, 4, 64, 8, classes=classes),
    }
    network = FAMILIES[family].generator(configs[family], None)
    FAMILIES[family].initialise(network, np.random.Generator(np.random.Philox(1)))
    return network.eval().requires_grad_(False)


@pytest.mark.parametrize("family", ["progan", "dcgan", "stylegan", "biggan"])
@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("find", [factorised, principal])
def test_directions_fit_the_network(family: str, classes: int, find: Find) -> None:
    """They are finite, different, most important first, and shares of a whole."""
    generator = generator_of(family, classes)
    found = find(generator, COUNT)

    assert found.vectors.shape == (COUNT, generator.config.direction_size)
    assert found.vectors.dtype == torch.float32
    assert found.vectors.isfinite().all()
    assert list(found.shares) == sorted(found.shares, reverse=True)
    assert 0 < sum(found.shares) <= 1 + 1e-9
    unit = torch.nn.functional.normalize(found.vectors)
    alike = (unit @ unit.T - torch.eye(COUNT)).abs().max()
    assert alike < 0.999  # those of regression need not be at right angles


def test_factorisation_finds_what_changes_the_first_layer_most() -> None:
    """No other step of the same length changes it more than the first direction."""
    generator = generator_of("progan", 0)
    weights = generator.entry_weights()
    first = factorised(generator, 1).vectors[0]
    others = torch.nn.functional.normalize(torch.randn(200, 8))

    assert (weights @ first).norm() >= (weights @ others.T).norm(dim=0).max() - 1e-5
    assert first.norm() == pytest.approx(1.0, abs=1e-5)  # one standard deviation of a latent


def test_a_step_is_one_standard_deviation_of_styles() -> None:
    """So strengths mean the same in every model."""
    generator = styled_generator()
    entrance = generator.entrance
    latents = [torch.from_numpy(latent_of(seed, 8)) for seed in range(400)]
    styles = torch.stack([entrance.style(z, z, 0.0, None) for z in latents]).double()
    for find in (factorised, principal):
        for vector in find(generator, COUNT).vectors.double():
            spread = (styles @ (vector / vector.norm())).std()
            assert spread == pytest.approx(float(vector.norm()), rel=1e-4)


def test_the_same_network_has_the_same_directions() -> None:
    """Nothing is drawn at random, and the sign of an axis is fixed."""
    once, again = (principal(generator_of("progan", 0), COUNT) for _ in range(2))

    assert torch.equal(once.vectors, again.vectors)
    assert all(vector[vector.abs().argmax()] > 0 for vector in once.vectors)


def test_more_directions_than_there_are_numbers_are_fewer() -> None:
    """A latent of eight numbers has eight."""
    assert len(factorised(generator_of("dcgan", 0), 20).vectors) == 8


@pytest.mark.parametrize("find", [factorised, principal])
@pytest.mark.parametrize(
    "config",
    [
        CycleganConfig(16, 3, 4, 1, 4, 2),
        StarganConfig(16, 3, 4, 1, 4, discriminator_layers=2, classes=2),
    ],
)
def test_a_translation_has_no_directions(find: Find, config: FamilyConfig) -> None:
    """Its input is a picture."""
    generator = FAMILIES[config.family].generator(config, None)

    with pytest.raises(TypeError, match="neither latents nor styles"):
        find(generator, COUNT)


def test_every_family_is_tried_here() -> None:
    """One that is added belongs into these tests."""
    tried = {"progan", "dcgan", "stylegan", "biggan", "cyclegan", "stargan"}

    assert set(FAMILY_CONFIGS) == tried
