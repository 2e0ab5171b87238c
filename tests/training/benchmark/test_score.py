"""Counting modes."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from training.benchmark.classifier import DigitClassifier, TrainedClassifier
from training.benchmark.score import ModeCounter, modes_of, score_of, score_of_histogram


class Brightness(DigitClassifier):
    """Reads a digit from its mean brightness: -1 is 0, 0.8 is 9."""

    def forward(self, digits: Tensor) -> Tensor:
        """One-hot logits."""
        classes = ((digits.mean(dim=(1, 2, 3)) + 1) * 5).round().long()
        return torch.nn.functional.one_hot(classes, 10).float()


READER = TrainedClassifier(Brightness(), 1.0)


def picture_of(number: int) -> Tensor:
    """The picture of 0 to 999: each channel as bright as its digit."""
    digits = torch.tensor([number // 100, number // 10 % 10, number % 10])
    return (digits / 5 - 1.0)[:, None, None].expand(3, 32, 32)


def test_red_is_the_hundreds() -> None:
    """Three digits make one number."""
    images = torch.stack([picture_of(number) for number in (0, 7, 42, 123, 999)])

    assert modes_of(images, READER).tolist() == [0, 7, 42, 123, 999]


def test_a_perfectly_even_model_has_all_modes_and_no_divergence() -> None:
    """A thousand pictures, one of each class."""
    score = score_of(
        lambda _draw, first, count: torch.stack([picture_of(first + i) for i in range(count)]),
        ModeCounter(READER, pictures=1000, draws=2),
    )

    assert score.modes == 1000
    assert score.divergence == pytest.approx(0.0, abs=1e-12)


def test_a_collapsed_model_has_one_mode() -> None:
    """KL of one class against a thousand is the logarithm of a thousand."""
    score = score_of(
        lambda _draw, _first, count: picture_of(5).expand(count, -1, -1, -1),
        ModeCounter(READER, pictures=700, draws=1),
    )

    assert score.modes == 1
    assert score.divergence == pytest.approx(math.log(1000))


def test_half_of_the_modes_cost_the_logarithm_of_two() -> None:
    """Classes that do not occur add nothing themselves."""
    counts = np.zeros(1000, np.int64)
    counts[::2] = 3

    modes, divergence = score_of_histogram(counts)

    assert modes == 500
    assert divergence == pytest.approx(math.log(2))
