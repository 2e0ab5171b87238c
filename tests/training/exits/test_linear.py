"""Exits: solved by least squares, chosen by fidelity, and put into a generator of their own."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from models.config import NetworkConfig
from models.generator import Generator
from models.growth import Growth
from models.latent import latent_of
from models.layers import EqualizedConv2d
from training import exits
from training.exits import (
    features_and_target,
    fidelity,
    fit_exits,
    solve,
    solve_exit,
    with_exits,
)

SEEDS = range(100, 124)


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> Generator:
    """16 px of random weights, so that every lower exit is stale; few seeds to fit."""
    monkeypatch.setattr(exits, "FIT_SEEDS", SEEDS)
    monkeypatch.setattr(exits, "HELD_OUT_SEEDS", range(200, 216))
    torch.manual_seed(0)
    config = NetworkConfig(16, latent_size=8, fmap_base=32, fmap_max=8)
    return Generator(config).eval().requires_grad_(False)


def stale_exit(generator: Generator, level: int) -> EqualizedConv2d:
    """The exit as it stands."""
    layer = generator.exits[level]
    assert isinstance(layer, EqualizedConv2d)
    return layer


def test_the_target_is_the_finished_picture_shrunk_by_boxes(generator: Generator) -> None:
    """Clipped to the range that a file can hold before it is shrunk."""
    features, target = features_and_target(generator, 1, range(7, 9))
    finished = generator(torch.from_numpy(latents(7, 9))).clamp(-1, 1).numpy()

    assert features.shape == (2, 8, 8, 8)
    expected = finished.reshape(2, 3, 8, 2, 8, 2).mean(axis=(3, 5))
    np.testing.assert_allclose(target.numpy(), expected, atol=1e-6)


def latents(start: int, end: int) -> NDArray[np.float32]:
    """By the seed contract."""
    return np.stack([latent_of(seed, 8) for seed in range(start, end)])


@pytest.mark.parametrize(("level", "kernel"), [(0, 1), (0, 3), (1, 1), (1, 3)])
def test_an_exit_is_the_least_squares_solution(
    generator: Generator, level: int, kernel: int
) -> None:
    """What numpy's lstsq finds over all pixels of all seeds, weight by weight."""
    features, target = features_and_target(generator, level, SEEDS)
    rows = windows(features, kernel)
    values = target.permute(0, 2, 3, 1).reshape(-1, 3).double().numpy()
    expected, *_ = np.linalg.lstsq(rows, values, rcond=None)

    layer = solve_exit(generator, level, kernel).requires_grad_(False)

    predicted = layer(features).permute(0, 2, 3, 1).reshape(-1, 3).numpy()
    np.testing.assert_allclose(predicted, rows @ expected, atol=2e-3)
    ours = (layer.weight * layer.scale).permute(1, 2, 3, 0).reshape(-1, 3)
    if kernel == 1:
        np.testing.assert_allclose(ours.numpy(), expected[:-1], atol=1e-3)
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


@pytest.mark.parametrize("level", [0, 1])
def test_a_solved_exit_is_more_faithful_than_the_stale_one(
    generator: Generator, level: int
) -> None:
    """On seeds it was not fitted to."""
    stale = fidelity(generator, level, stale_exit(generator, level))

    assert fidelity(generator, level, solve_exit(generator, level, 1)) > stale + 3


def test_fidelity_is_the_peak_signal_to_noise_ratio(generator: Generator) -> None:
    """20 log10 of the range, 2, over the root mean square error of clipped pictures."""
    layer = stale_exit(generator, 0)
    features, target = features_and_target(generator, 0, range(200, 216))
    error = layer(features).clamp(-1, 1) - target

    expected = 20 * np.log10(2 / error.square().mean().sqrt().item())
    assert fidelity(generator, 0, layer) == pytest.approx(expected, abs=1e-3)


def test_the_smallest_kernel_that_is_good_enough_is_taken(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a target that any reaches, the first; the top keeps the paper's 1x1."""
    monkeypatch.setattr(exits, "TARGET_DB", 1.0)

    assert [e.layer.weight.shape[-1] for e in fit_exits(generator)] == [3, 3, 1]


def test_a_wider_kernel_is_taken_where_the_target_needs_it(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just above what 1x1 reaches at 8 px."""
    reached = fidelity(generator, 1, solve_exit(generator, 1, 1))
    monkeypatch.setattr(exits, "TARGET_DB", reached + 0.1)

    chosen = fit_exits(generator, (1, 3))[1]

    assert chosen.layer.weight.shape[-1] == 3
    assert chosen.psnr_db is not None
    assert chosen.psnr_db > reached


def test_the_most_faithful_kernel_is_taken_when_none_is_good_enough(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the widest whatever it does on held-out seeds."""
    monkeypatch.setattr(exits, "TARGET_DB", 1_000.0)

    for level, chosen in enumerate(fit_exits(generator, (1, 3))[:-1]):
        reached = [fidelity(generator, level, solve_exit(generator, level, k)) for k in (1, 3)]
        assert chosen.psnr_db == pytest.approx(max(reached), abs=0.01)


def test_the_top_exit_stays(generator: Generator) -> None:
    """It makes the finished picture; there is nothing to compare it with."""
    top = fit_exits(generator, (1,))[-1]

    assert top.layer is generator.exits[2]
    assert top.psnr_db is None


def test_a_generator_with_new_exits_draws_the_same_finished_picture(generator: Generator) -> None:
    """And at 8 px what its new exit makes of the features."""
    fitted = fit_exits(generator, (3,))
    z = torch.from_numpy(latents(7, 9))

    renewed = with_exits(generator, fitted)

    assert renewed.exit_kernels == (3, 3, 1)
    assert torch.equal(renewed(z), generator(z))
    features, _ = features_and_target(generator, 1, range(7, 9))
    assert torch.equal(renewed(z, Growth(1)), fitted[1].layer(features))


def test_a_generator_with_new_exits_shares_nothing(generator: Generator) -> None:
    """Training may go on without changing it."""
    renewed = with_exits(generator, fit_exits(generator, (1,)))

    old = {p.data_ptr() for p in generator.parameters()}
    assert not old & {p.data_ptr() for p in renewed.parameters()}
    assert not any(p.requires_grad for p in renewed.parameters())


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

    with pytest.raises(ValueError, match="the features of the generator are not finite"):
        solve(gram, torch.ones(3, 1, dtype=torch.float64))
