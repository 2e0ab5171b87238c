"""Distances between clouds of features.

Beside scipy, torchmetrics, and slow words of their definitions.
"""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import linalg
from scipy.spatial.distance import cdist
from torchmetrics.image.fid import _compute_fid
from torchmetrics.image.kid import poly_mmd

from training.quality import distances
from training.quality.distances import (
    frechet_distance,
    kernel_distance,
    precision_and_recall,
    squared_distances,
    squared_mmd,
)

Doubles = NDArray[np.float64]


def cloud(count: int, seed: int, shift: float = 0.0, width: int = 12) -> Doubles:
    """Correlated normal points."""
    random = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).standard_normal((width, width))
    return random.standard_normal((count, width)) @ mixing + shift


# ----------------------------------------------------------------------------------------
# KID


def slow_mmd(a: Doubles, b: Doubles) -> float:
    """Every pair of different points, one at a time."""

    def kernel(x: Doubles, y: Doubles) -> float:
        return (float(sum(x * y)) / len(x) + 1) ** 3

    n = len(a)
    different = [(i, j) for i in range(n) for j in range(n) if i != j]
    within = sum(kernel(a[i], a[j]) + kernel(b[i], b[j]) for i, j in different) / len(different)
    return within - 2 * sum(kernel(x, y) for x in a for y in b) / n**2


def test_the_squared_mmd_is_that_of_the_definition() -> None:
    """Unbiased: no point meets itself."""
    a, b = cloud(15, 0), cloud(15, 1, shift=0.5)

    assert squared_mmd(a, b) == pytest.approx(slow_mmd(a, b), rel=1e-9)


@pytest.mark.parametrize("shift", [0.0, 0.5, 5.0])
def test_the_squared_mmd_is_that_of_torchmetrics(shift: float) -> None:
    """Of clouds as wide as they are many, and of features that are never negative."""
    a, b = np.abs(cloud(60, 0, width=60)), np.abs(cloud(60, 1, shift, width=60))

    theirs = poly_mmd(torch.from_numpy(a), torch.from_numpy(b)).item()

    assert squared_mmd(a, b) == pytest.approx(theirs, rel=1e-9)


def test_kid_of_one_distribution_is_zero_within_its_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative values are as likely as positive ones; a shift stands out."""
    monkeypatch.setattr(distances, "SUBSETS", 8)
    same = [kernel_distance(cloud(100, i), cloud(100, 50 + i)).mean for i in range(20)]
    shifted = kernel_distance(cloud(100, 0), cloud(100, 1, shift=2.0))

    assert min(same) < 0 < max(same)
    assert shifted.mean > 3 * max(same)


def test_kid_is_the_mean_and_the_deviation_over_subsets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn without repetition from each cloud, real first, in this order."""
    monkeypatch.setattr(distances, "SUBSET_SIZE", 10)
    monkeypatch.setattr(distances, "SUBSETS", 3)
    real, generated = cloud(40, 0), cloud(30, 1)
    random = np.random.default_rng(5)
    values: list[float] = []
    for _ in range(3):
        a = real[random.choice(40, 10, replace=False)]
        values.append(slow_mmd(a, generated[random.choice(30, 10, replace=False)]))

    found = kernel_distance(real, generated, seed=5)

    assert found.mean == pytest.approx(np.mean(values))
    assert found.deviation == pytest.approx(np.std(values))
    assert (found.subsets, found.subset_size) == (3, 10)
    assert kernel_distance(real[:9], generated).subset_size == 4


# ----------------------------------------------------------------------------------------
# Frechet distance


def slow_frechet(a: Doubles, b: Doubles) -> float:
    """With scipy's general matrix root."""
    offset = a.mean(axis=0) - b.mean(axis=0)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = np.real(np.asarray(linalg.sqrtm(cov_a @ cov_b)))
    return float(offset @ offset + np.trace(cov_a + cov_b - 2 * root))


def test_the_frechet_distance_is_that_of_scipys_matrix_root() -> None:
    """Of clouds of different place, shape and size; fp32 features come to the same."""
    a, b = cloud(200, 0), 1.5 * cloud(90, 1, shift=0.3)[:, ::-1]

    assert frechet_distance(a, b) == pytest.approx(slow_frechet(a, b), rel=1e-6)
    single = frechet_distance(a.astype(np.float32), b.astype(np.float32))
    assert single == pytest.approx(slow_frechet(a, b), rel=1e-5)


def test_the_frechet_distance_is_that_of_torchmetrics() -> None:
    """Which takes eigenvalues of the product of both covariances, of a cloud's unbiased ones."""
    a, b = cloud(300, 0, width=40), 1.5 * cloud(200, 1, shift=0.3, width=40)[:, ::-1]

    moments: list[torch.Tensor] = []
    for each in (a, b):
        moments += [torch.from_numpy(each.mean(axis=0)), torch.from_numpy(np.cov(each.T))]

    assert frechet_distance(a, b) == pytest.approx(_compute_fid(*moments).item(), rel=1e-9)


def test_a_cloud_with_fewer_points_than_features_has_a_frechet_distance() -> None:
    """Zero to itself, and that of its offset to itself elsewhere."""
    few = cloud(5, 0, width=40)

    assert frechet_distance(few, few) == pytest.approx(0.0, abs=1e-6)
    assert frechet_distance(few, few + 2.0) == pytest.approx(40 * 4.0)


# ----------------------------------------------------------------------------------------
# Precision and recall


def slow_share(points: Doubles, manifold: Doubles, k: int) -> float:
    """The share of points within one of the balls of a manifold."""
    radii = np.sort(cdist(manifold, manifold), axis=1)[:, k]  # the first is the point itself
    inside = [
        any(np.linalg.norm(p - m) <= r for m, r in zip(manifold, radii, strict=True))
        for p in points
    ]
    return float(np.mean(inside))


@pytest.mark.parametrize("rows", [7, 1_024])
def test_precision_and_recall_are_those_of_the_definition(
    monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """In pieces or in one."""
    monkeypatch.setattr(distances, "ROWS_AT_ONCE", rows)
    real, generated = cloud(60, 0, width=3), cloud(45, 1, width=3) * 0.5

    found = precision_and_recall(real, generated)

    assert found.precision == slow_share(generated, real, 3)
    assert found.recall == slow_share(real, generated, 3)
    assert 0 < found.recall < found.precision <= 1


def test_a_generator_of_one_picture_is_precise_and_recalls_nothing() -> None:
    """What a mode collapse looks like; a generator of noise is neither."""
    real = cloud(100, 0)
    collapsed = real[:1] + 1e-3 * np.random.default_rng(1).standard_normal((100, 12))

    found = precision_and_recall(real, collapsed)
    assert found.precision == 1.0
    assert found.recall <= 0.01
    noise = precision_and_recall(real, cloud(100, 2, shift=100.0))
    assert (noise.precision, noise.recall) == (0.0, 0.0)


def test_distances_are_scipys() -> None:
    """All rows, each once, never below 0."""
    a, b = cloud(20, 0), cloud(9, 1)

    found = np.concatenate([part for _, part in squared_distances(a, b)])

    np.testing.assert_allclose(found, cdist(a, b, "sqeuclidean"), atol=1e-9)
    assert all((part >= 0).all() for _, part in squared_distances(a, a))


def test_too_few_pictures_are_refused() -> None:
    """Rather than a number that means nothing."""
    one, three = cloud(1, 0), cloud(3, 0)

    with pytest.raises(ValueError, match="KID needs at least two"):
        kernel_distance(one, three)
    with pytest.raises(ValueError, match="Frechet distance needs at least two"):
        frechet_distance(three, one)
    with pytest.raises(ValueError, match="need more than 3 pictures"):
        precision_and_recall(three, three)
