"""Distances between real and generated features: KID, Frechet distance, precision and recall.

Owns the four metrics of two sets of feature vectors `[n, D]` ("clouds"), from any network. Knows no
picture. Everything is computed in fp64; matrices of distances are computed in blocks of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.progress_bar import OnProgress, ignore_progress, tracked

Cloud = NDArray[np.float32] | NDArray[np.float64]  # [n, D]
Doubles = NDArray[np.float64]

SUBSETS = 100
SUBSET_SIZE = 1_000
NEIGHBOURS = 3  # k of precision and recall
ROWS_AT_ONCE = 1_024


@dataclass(frozen=True)
class KernelDistance:
    """KID over random subsets: mean and standard deviation; 0 is best, small negatives occur."""

    mean: float
    deviation: float
    subsets: int
    subset_size: int


@dataclass(frozen=True)
class Coverage:
    """Precision and recall, from 0 to 1.

    Attributes:
        precision: share of generated pictures within the manifold of the real ones.
        recall: share of real pictures within the manifold of the generated ones.
    """

    precision: float
    recall: float


# ----------------------------------------------------------------------------------------
# Kernel inception distance, with any features (Binkowski et al. 2018, section 4)


def kernel_distance(
    real: Cloud, generated: Cloud, seed: int = 0, on_progress: OnProgress = ignore_progress
) -> KernelDistance:
    """Unbiased squared MMD with the kernel (x.y / D + 1)^3, over 100 random subsets of 1000.

    A subset is at most half of the smaller cloud (but at least 2 points): if every subset were the
    whole cloud, the standard deviation would be 0.

    Raises:
        ValueError: fewer than two points in a cloud.
    """
    fewer = min(len(real), len(generated))
    if fewer < 2:
        raise ValueError("KID needs at least two pictures of each set")
    size = min(SUBSET_SIZE, max(2, fewer // 2))
    random = np.random.default_rng(seed)
    values: list[float] = []
    for _ in tracked(range(SUBSETS), on_progress):
        some_real = real[random.choice(len(real), size, replace=False)]
        some_generated = generated[random.choice(len(generated), size, replace=False)]
        values.append(squared_mmd(some_real, some_generated))
    return KernelDistance(float(np.mean(values)), float(np.std(values)), SUBSETS, size)


def squared_mmd(a: Cloud, b: Cloud) -> float:
    """Unbiased estimate for two clouds of equal size (Gretton et al. 2012, equation 4)."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    n = len(a)
    within = sum(float(kernel.sum() - np.trace(kernel)) for kernel in (_cubic(a, a), _cubic(b, b)))
    return within / (n * (n - 1)) - 2.0 * float(_cubic(a, b).mean())


def _cubic(a: Doubles, b: Doubles) -> Doubles:
    return (a @ b.T / a.shape[1] + 1.0) ** 3


# ----------------------------------------------------------------------------------------
# Frechet distance of two normal distributions (Heusel et al. 2017, equation 6)


def frechet_distance(real: Cloud, generated: Cloud) -> float:
    """Compute |m1 - m2|^2 + trace(S1 + S2 - 2 sqrt(S1 S2)); biased upwards for few pictures.

    With S1 = A'A and S2 = B'B, the eigenvalues of S1 S2 are the squared singular values of A B'.
    This avoids the square root of a nearly singular matrix, and for few pictures the matrices are
    small.

    Raises:
        ValueError: fewer than two points in a cloud.
    """
    if min(len(real), len(generated)) < 2:
        raise ValueError("a Frechet distance needs at least two pictures of each set")
    (mean_a, factor_a), (mean_b, factor_b) = _moments(real), _moments(generated)
    shared = np.linalg.svd(factor_a @ factor_b.T, compute_uv=False).sum()
    spread = np.square(factor_a).sum() + np.square(factor_b).sum()
    return float(np.square(mean_a - mean_b).sum() + spread - 2.0 * shared)


def _moments(cloud: Cloud) -> tuple[Doubles, Doubles]:
    """Mean `[D]`, and a matrix A `[min(n, D), D]` such that A'A is the covariance."""
    mean: Doubles = cloud.mean(axis=0, dtype=np.float64)
    factor = np.linalg.qr((cloud - mean) / np.sqrt(len(cloud) - 1), mode="r")
    return mean, np.asarray(factor, np.float64)


# ----------------------------------------------------------------------------------------
# Improved precision and recall (Kynkaanniemi et al. 2019, section 2)


def precision_and_recall(real: Cloud, generated: Cloud, k: int = NEIGHBOURS) -> Coverage:
    """Share of each cloud that lies within the manifold of the other.

    A manifold is the union of balls around the points of a cloud; the radius of each ball is the
    distance to the k-th nearest other point of that cloud.

    Raises:
        ValueError: a cloud has no more than k points.
    """
    if min(len(real), len(generated)) <= k:
        raise ValueError(f"precision and recall need more than {k} pictures of each set")
    return Coverage(
        precision=_share_within(generated, real, _radii(real, k)),
        recall=_share_within(real, generated, _radii(generated, k)),
    )


def _radii(cloud: Cloud, k: int) -> Doubles:
    """Squared distance of each point to its k-th nearest other point, `[n]`."""
    radii = np.empty(len(cloud))
    for start, distances in squared_distances(cloud, cloud):
        rows = np.arange(len(distances))
        distances[rows, rows + start] = np.inf  # not to itself
        radii[start : start + len(rows)] = np.partition(distances, k - 1, axis=1)[:, k - 1]
    return radii


def _share_within(points: Cloud, cloud: Cloud, radii: Doubles) -> float:
    inside = [(distances <= radii).any(axis=1) for _, distances in squared_distances(points, cloud)]
    return float(np.concatenate(inside).mean())


def squared_distances(a: Cloud, b: Cloud) -> Iterator[tuple[int, Doubles]]:
    """Yield squared Euclidean distances in blocks of rows of `a`.

    Each item is the index of the first row, and the distances `[rows, n]` to all points of `b`.
    """
    targets = b.astype(np.float64)
    lengths = np.square(targets).sum(axis=1)
    for start in range(0, len(a), ROWS_AT_ONCE):
        rows = a[start : start + ROWS_AT_ONCE].astype(np.float64)
        squares = np.square(rows).sum(axis=1)[:, None] + lengths - 2.0 * (rows @ targets.T)
        yield start, squares.clip(min=0.0)
