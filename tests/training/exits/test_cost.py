"""What exits cost: counted, and compared with the path."""

import pytest
import torch

from models.exit_shape import ExitShape
from models.families.progan.exit import build_exit
from models.families.progan.generator import Generator
from training.exits.cost import (
    SHARE_OF_PATH,
    deep_shape,
    exit_cost,
    multiply_adds,
    path_costs,
)
from training.exits.distillation_data import stem_inputs


def test_a_convolution_costs_its_weights_at_every_pixel() -> None:
    """Biases and activations are not counted."""
    exit_ = build_exit(8, 3, ExitShape((1, 3), (6,)))
    expected = (8 * 6 + 9 * 6 * 3) * 16**2

    assert multiply_adds(exit_, torch.zeros(1, 8, 16, 16)) == expected
    assert exit_cost(8, 3, (16, 16), ExitShape((1, 3), (6,))) == expected


def test_a_path_costs_stem_and_levels(generator: Generator) -> None:
    """A fused up-convolution has four multiply-adds for each weight pair of an output pixel."""
    stem = 8 * 16 * 4**2 + 9 * 16 * 16 * 4**2
    first = (4 * 16 * 16 + 9 * 16 * 16) * 8**2
    second = (4 * 16 * 16 + 9 * 16 * 16) * 16**2

    costs = path_costs(generator, stem_inputs(generator, range(1)))

    assert costs == [stem, stem + first, stem + first + second]


@pytest.mark.parametrize("path", [10**6, 10**8])
def test_a_deep_exit_is_as_wide_as_its_share_allows(path: int) -> None:
    """One more step of eight maps would cost too much."""
    shape = deep_shape(16, 3, (8, 8), path)
    wider = ExitShape(shape.kernels, tuple(width + 8 for width in shape.hidden))

    assert len(set(shape.hidden)) == 1
    assert shape.hidden[0] % 8 == 0
    assert exit_cost(16, 3, (8, 8), shape) <= SHARE_OF_PATH * path
    assert exit_cost(16, 3, (8, 8), wider) > SHARE_OF_PATH * path


def test_a_deep_exit_is_never_narrower_than_eight_maps() -> None:
    """Even where the path costs next to nothing."""
    assert deep_shape(16, 3, (8, 8), path=1).hidden == (8, 8, 8)
