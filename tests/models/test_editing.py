"""The rule of edits, frozen by test vectors: an address means the same picture for ever."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.editing import Directions

STEPS = torch.tensor([[1.0, 0.0, -0.5, 0.1], [0.25, 1e-3, 3.0, -0.7]])
VECTOR = torch.tensor([0.5, -1.25, 0.1, 2.0])
DIRECTIONS = Directions(("one", "two"), STEPS)


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ([("one", 1.0)], ["3fc00000", "bfa00000", "becccccd", "40066666"]),
        ([("two", -2.5)], ["be000000", "bfa051ec", "c0eccccd", "40700000"]),
        ([("one", 0.3), ("two", 10.0)], ["40533333", "bf9eb852", "41ef999a", "c09f0a3d"]),
    ],
)
def test_vectors_of_edits(edits: list[tuple[str, float]], words: list[str]) -> None:
    """The bits of float32, on every machine: products and sums are those of IEEE 754."""
    moved = DIRECTIONS.moved(VECTOR, edits)

    assert [f"{int(word):08x}" for word in moved.numpy().view(np.uint32)] == words


def test_without_edits_the_vector_is_the_same() -> None:
    """Not even rounded."""
    assert DIRECTIONS.moved(VECTOR, []) is VECTOR


def test_the_order_is_that_of_the_edits() -> None:
    """The sum is rounded to float32 once, at its end."""
    vector = torch.tensor([1.0])
    directions = Directions(("large", "back", "small"), torch.tensor([[1e8], [-1e8], [0.5]]))

    assert directions.moved(vector, [("large", 1.0), ("small", 1.0), ("back", 1.0)]) == 1.5


def test_an_unknown_name_is_an_error() -> None:
    """The service refuses it before, in words."""
    with pytest.raises(ValueError, match="three"):
        DIRECTIONS.moved(torch.zeros(4), [("three", 1.0)])
