"""A generator without its highest levels draws what it drew there, with a linear exit."""

import numpy as np
import pytest
import torch

from models.exit_shape import ExitShape
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.growth import Growth
from training.rendering import render
from training.run_folder.lowered import lowered

SMALL = ProganConfig(32, latent_size=12, fmap_base=64, fmap_max=16)
DEEP = ExitShape((1, 3, 1), (4, 4))


@pytest.fixture
def generator() -> Generator:
    """32 px, with a deep exit at 16 px."""
    torch.manual_seed(1)
    plain = ExitShape()
    return Generator(SMALL, (plain, plain, DEEP, plain)).eval().requires_grad_(requires_grad=False)


def test_a_linear_exit_is_found_again(generator: Generator) -> None:
    """Since least squares has no error there; the pictures agree but for rounding."""
    smaller = lowered(generator, 8)

    assert smaller.config.resolution == 8
    drawn, expected = (
        render(g, range(100, 104), Growth(1)).astype(int) for g in (smaller, generator)
    )
    assert np.abs(drawn - expected).max() <= 1


def test_a_deep_exit_becomes_the_nearest_linear_one(generator: Generator) -> None:
    """Nearer to its pictures than their mean colour is, and of the shape that runs train with."""
    smaller = lowered(generator, 16)

    assert smaller.exit_shapes[-1] == ExitShape()
    assert set(smaller.exits[-1].state_dict()) == {"weight", "bias"}
    drawn, expected = (
        render(g, range(100, 104), Growth(2)).astype(int) for g in (smaller, generator)
    )
    assert np.square(drawn - expected).mean() < expected.var(axis=(0, 1, 2)).mean()


def test_the_generator_itself_stays(generator: Generator) -> None:
    """The bundle it belongs to may be used again."""
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    lowered(generator, 16)

    assert generator.exit_shapes[2] == DEEP
    after = generator.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_tiling_stays(generator: Generator) -> None:
    """The new exit pads at the opposite side, if it pads at all."""
    tiling = ProganConfig(32, latent_size=12, fmap_base=64, fmap_max=16, tiling=True)
    smaller = lowered(Generator(tiling).eval().requires_grad_(requires_grad=False), 8)

    assert smaller.config.tiling
    assert render(smaller, range(2), Growth(1)).shape == (2, 8, 8, 3)
