"""The linear exit: the solution of least squares."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from models.families.progan.exit import convolutions_of
from training.exits.distillation_data import NonFiniteGeneratorError
from training.exits.linear import LeastSquares, solve


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("size", [4, 8])
def test_an_exit_is_the_least_squares_solution(kernel: int, size: int) -> None:
    """What numpy's lstsq finds over all pixels of all pictures, weight by weight."""
    chance = torch.Generator().manual_seed(0)
    features = torch.randn(24, 8, size, size, generator=chance)
    target = features[:, :3] - features[:, 3:6].roll(1, dims=3).square() / 4
    rows = windows(features, kernel)
    values = target.permute(0, 2, 3, 1).reshape(-1, 3).double().numpy()
    expected, *_ = np.linalg.lstsq(rows, values, rcond=None)

    equations = LeastSquares(8, 3, kernel)
    for part in range(0, 24, 8):
        equations.add(features[part : part + 8], target[part : part + 8])
    exit_ = equations.exit()

    predicted = exit_(features).permute(0, 2, 3, 1).reshape(-1, 3).numpy()
    np.testing.assert_allclose(predicted, rows @ expected, atol=2e-3)
    (layer,) = convolutions_of(exit_)
    weights = (layer.weight * layer.scale).reshape(3, -1).T
    np.testing.assert_allclose(weights.numpy(), expected[:-1], atol=1e-3)
    np.testing.assert_allclose(layer.bias.numpy(), expected[-1], atol=1e-3)


def windows(features: Tensor, kernel: int) -> NDArray[np.float64]:
    """Every pixel's neighbourhood as a row, then a one; with loops, so that anybody can see it."""
    margin = kernel // 2
    padded = F.pad(features, (margin,) * 4).double().numpy()
    n, _, size, _ = features.shape
    rows = [
        padded[i, :, y : y + kernel, x : x + kernel].ravel()
        for i in range(n)
        for y in range(size)
        for x in range(size)
    ]
    return np.column_stack([np.stack(rows), np.ones(len(rows))])


def test_large_pictures_give_other_pixels_to_each_batch() -> None:
    """A map that speaks only where the first batch does not look is still learned from."""
    features = torch.randn(2, 2, 32, 32, generator=torch.Generator().manual_seed(1))
    features[:, 0].flatten(1)[:, ::5] = 0.0  # 1024 pixels, of which 256 are wanted: every fifth
    target = features[:, :1] * 3.0
    equations = LeastSquares(2, 1, 1)

    for _ in range(2):
        equations.add(features, target)

    torch.testing.assert_close(equations.exit()(features), target, rtol=0, atol=1e-3)


def test_every_column_of_a_large_picture_is_looked_at() -> None:
    """Also where rows are as long as the way from one place to the next."""
    features = torch.ones(1, 1, 256, 256)
    target = torch.arange(256.0).expand(1, 1, 256, 256) / 256
    equations = LeastSquares(1, 1, 1)

    equations.add(features, target)

    assert equations.exit()(features).mean().item() == pytest.approx(target.mean().item(), abs=0.02)


def test_equations_of_doubled_and_silent_maps_are_solved() -> None:
    """Where rounding makes the matrix indefinite, with as little ridge as it takes."""
    rows = torch.randn(50, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rows = torch.cat([rows, rows, torch.zeros(50, 2, dtype=torch.float64)], dim=1)
    values = rows[:, :1] + 2 * rows[:, 1:2]
    gram = rows.T @ rows
    gram -= 3e-5 * gram.diagonal().mean() * torch.eye(10, dtype=torch.float64)

    solution = solve(gram, rows.T @ values)

    torch.testing.assert_close(rows @ solution, values, rtol=0, atol=1e-2)


def test_features_that_are_no_numbers_are_refused() -> None:
    """No ridge helps."""
    gram = torch.full((3, 3), float("nan"), dtype=torch.float64)

    with pytest.raises(
        NonFiniteGeneratorError, match="the features of the generator are not finite"
    ):
        solve(gram, torch.ones(3, 1, dtype=torch.float64))
