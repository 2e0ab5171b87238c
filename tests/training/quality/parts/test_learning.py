"""Training of a reader."""

import numpy as np
import torch

from training.data.stream import Prepared
from training.quality.parts.known import COLOUR, SHAPE, Part, known_parts
from training.quality.parts.learning import examples, train_network
from training.quality.pictures import PictureSet

PARTS = (Part("hair", SHAPE, ("long", "short")), Part("skin", COLOUR, ("dark", "light", "none")))


def test_the_same_seed_trains_the_same_network(patterns: Prepared) -> None:
    """Whatever other random numbers were drawn before."""
    numbers = np.arange(0, 150, 10)
    pictures = PictureSet(patterns.images(8), numbers)
    known = known_parts(patterns, numbers)

    first = train_network(pictures, known, seed=3).state_dict()
    torch.rand(5)
    again = train_network(pictures, known, seed=3).state_dict()
    other = train_network(pictures, known, seed=4).state_dict()

    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["dense.weight"], other["dense.weight"])


def test_destroyed_pictures_have_any_shape_and_averages_one_or_the_other() -> None:
    """Whole pictures have their own values; a blurred one keeps its colour."""
    codes = torch.tensor([[0, 2], [1, 0]] * 8)
    images = torch.rand(16, 3, 16, 16) * 2 - 1

    shown, (hair, skin) = examples(images, codes, PARTS, torch.Generator().manual_seed(0))

    assert len(shown) == len(hair) == len(skin) == 32
    assert torch.equal(hair[:16].argmax(dim=1), codes[:, 0])
    averaged, blurred, lost = hair[16:24], hair[24:28], hair[28:]
    assert (averaged.max(dim=1)[0] < 0.66).any()
    assert (blurred == 0.5).all()
    assert (skin[24:28].max(dim=1)[0] == 1).all()
    assert (lost == 0.5).all()
    assert torch.allclose(skin[28:], torch.tensor(1 / 3))
    for answers in (hair, skin):
        assert torch.allclose(answers.sum(dim=1), torch.ones(32))
