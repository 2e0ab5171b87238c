"""The frozen rule from latent and class to the input of the stem."""

from __future__ import annotations

import pytest
import torch

from models.entrance import ClassPoint
from models.families.progan.entrance import ProganEntrance, class_vector, conditioned
from models.layers.progan import pixel_norm

VECTORS = torch.tensor([[1.0, 2.0, 3.0, 4.0], [0.0, 2.0, 0.0, 0.0]])
LATENT = torch.tensor([1.0, -1.0, 1.0, 3.0])


def test_without_classes_the_latent_enters_as_it_is() -> None:
    """Its length is removed by the stem."""
    entrance = ProganEntrance(4)

    assert (4, 0) == (entrance.size, entrance.classes)
    assert torch.equal(entrance.enter(LATENT, None), LATENT)


def test_latent_and_class_have_the_same_weight() -> None:
    """The test vector of the rule: halves of unit mean square."""
    entrance = ProganEntrance(4, VECTORS)

    entered = entrance.enter(LATENT, ClassPoint(1, 1))

    assert (8, 2) == (entrance.size, entrance.classes)
    third = 3**-0.5
    wanted = torch.tensor([third, -third, third, 3 * third, 0.0, 2.0, 0.0, 0.0])
    torch.testing.assert_close(entered, wanted)


def test_a_batch_enters_as_its_pictures_do_alone() -> None:
    """Bit by bit: training computes whole batches, the service one picture at a time."""
    latents = torch.randn(5, 4, generator=torch.Generator().manual_seed(2))
    entrance = ProganEntrance(4, VECTORS)

    alone = [entrance.enter(latent, ClassPoint(0, 0)) for latent in latents]

    assert torch.equal(torch.stack(alone), conditioned(latents, VECTORS[[0] * 5]))


@pytest.mark.parametrize("t", [0.0, 0.25])
def test_between_two_classes_the_way_leads_straight(t: float) -> None:
    """Both of the same weight; at the beginning it is exactly the first."""
    ends = pixel_norm(VECTORS)
    expected = VECTORS[0] if t == 0.0 else torch.lerp(ends[0], ends[1], t)

    assert torch.equal(class_vector(VECTORS, ClassPoint(0, 1, t)), expected)
