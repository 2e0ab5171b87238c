"""The frozen rule from latent and class to the entry vector of DCGAN and BigGAN."""

from __future__ import annotations

import pytest
import torch

from models.entrance import ClassPoint
from models.families.one_hot_entrance import OneHotEntrance, with_one_hot
from models.latent import latent_of

# The latent of seed 7 with four numbers, as `models.latent` has frozen it.
LATENT = torch.from_numpy(latent_of(7, 4))


@pytest.mark.parametrize(
    ("point", "shares"),
    [
        (ClassPoint(1, 1), [0.0, 1.0, 0.0]),
        (ClassPoint(2, 2, 0.5), [0.0, 0.0, 1.0]),
        (ClassPoint(0, 2, 0.0), [1.0, 0.0, 0.0]),
        (ClassPoint(0, 2, 0.25), [0.75, 0.0, 0.25]),
        (ClassPoint(2, 0, 0.1), [0.1, 0.0, 0.9]),
    ],
)
def test_the_class_follows_the_latent(point: ClassPoint, shares: list[float]) -> None:
    """Test vectors of the rule, to the bit."""
    entered = OneHotEntrance(4, 3).enter(LATENT, point)

    assert entered.dtype == torch.float32
    assert torch.equal(entered, torch.cat([LATENT, torch.tensor(shares)]))


def test_without_classes_the_latent_enters_as_it_is() -> None:
    """Its length counts: nothing normalises it."""
    entrance = OneHotEntrance(4)

    assert entrance.size == 4
    assert torch.equal(entrance.enter(LATENT, None), LATENT)


def test_a_batch_enters_as_each_picture_does() -> None:
    """The generator is trained with the rule by which it is served."""
    latents, labels = torch.randn(3, 4), torch.tensor([2, 0, 1])
    points = [ClassPoint(int(label), int(label)) for label in labels]
    entered = [OneHotEntrance(4, 3).enter(*each) for each in zip(latents, points, strict=True)]

    assert torch.equal(with_one_hot(latents, labels, 3), torch.stack(entered))
    assert with_one_hot(latents, None, 0) is latents
