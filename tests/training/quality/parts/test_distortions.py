"""Small and large changes of pictures."""

import pytest
import torch
from torch import Generator, Tensor

from training.quality.parts.distortions import (
    DESTRUCTIONS,
    average_pairs,
    clouds_like,
    halves_of_two,
    shuffle_blocks,
    soften,
    vary,
)


@pytest.fixture
def pictures() -> Tensor:
    """Four smooth pictures of 16 px."""
    coarse = torch.rand(4, 3, 4, 4, generator=seeded()) * 1.6 - 0.8
    return torch.nn.functional.interpolate(coarse, scale_factor=4.0, mode="bilinear")


def seeded(seed: int = 0) -> Generator:
    """A source of random numbers."""
    return Generator().manual_seed(seed)


def test_a_varied_picture_is_nearer_to_its_original_than_to_any_other(pictures: Tensor) -> None:
    """Its parts stay."""
    apart = torch.cdist(vary(pictures, seeded()).flatten(1), pictures.flatten(1))

    assert apart.argmin(dim=1).tolist() == [0, 1, 2, 3]
    assert (apart.diagonal() > 0.1).all()


def test_softening_keeps_even_areas_and_spreads_a_point() -> None:
    """By 1, 2, 1 over 4 in both directions."""
    point = torch.zeros(1, 1, 5, 5)
    point[0, 0, 2, 2] = 16.0

    assert soften(point)[0, 0, 1:4, 1:4].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    assert (soften(torch.ones(1, 1, 4, 4)) == 1).all()


def test_an_average_tells_its_shares(pictures: Tensor) -> None:
    """Neither of the two has almost all."""
    averaged, share = average_pairs(pictures, seeded())

    first = share[0] * pictures[0] + (1 - share[0]) * pictures[1]
    torch.testing.assert_close(averaged[0], first)
    assert ((share >= 0.35) & (share <= 0.65)).all()


def test_halves_come_from_two_pictures(pictures: Tensor) -> None:
    """The left from one, the right from the next."""
    made = halves_of_two(pictures, seeded())

    assert torch.equal(made[0, :, :, :8], pictures[0, :, :, :8])
    assert torch.equal(made[0, :, :, 8:], pictures[1, :, :, 8:])


def test_shuffled_blocks_hold_the_same_pixels_elsewhere(pictures: Tensor) -> None:
    """Of each picture its own."""
    made = shuffle_blocks(pictures, seeded())

    assert not torch.equal(made, pictures)
    assert torch.equal(made.flatten(2).sort(dim=2)[0], pictures.flatten(2).sort(dim=2)[0])


@pytest.mark.parametrize("name", DESTRUCTIONS)
def test_a_destruction_is_a_function_of_its_seed(name: str, pictures: Tensor) -> None:
    """It keeps shape and range, and changes every picture."""
    destroy = DESTRUCTIONS[name]
    made = destroy(pictures, seeded(1))

    assert torch.equal(made, destroy(pictures, seeded(1)))
    assert made.shape == pictures.shape
    assert made.abs().max() <= 1.0
    assert ((made - pictures).abs().amax(dim=(1, 2, 3)) > 0.05).all()


def test_clouds_are_no_function_of_the_picture(pictures: Tensor) -> None:
    """Only of its shape."""
    assert torch.equal(clouds_like(pictures, seeded()), clouds_like(-pictures, seeded()))
