"""Directions along which the pictures of a generator change most, found without any label.

Owns both methods and the unit of a direction: one standard deviation of latents, or of styles,
along it. Knows no file.
Source: Shen and Zhou 2021, "Closed-Form Factorization of Latent Semantics in GANs" (SeFa), section
3.2; Härkönen et al. 2020, "GANSpace: Discovering Interpretable GAN Controls", sections 2.1 and 2.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

import torch
from torch import Tensor

from models.entrance import ClassPoint, StyleEntrance
from models.family import ImageGenerator
from models.latent import label_of, latent_of

SAMPLED_SEEDS: Final = 4000  # seeds, from 0 on
ENTRIES_AT_ONCE: Final = 250  # of them


@dataclass(frozen=True)
class FoundDirections:
    """Directions of one method, the most important first.

    Attributes:
        vectors: `[count, S]`, float32.
        shares: of each in the variance of the space of its method, 0 to 1.
    """

    vectors: Tensor
    shares: tuple[float, ...]


def factorised(generator: ImageGenerator, count: int) -> FoundDirections:
    """Eigenvectors of A^T A, where A holds the weights by which latent or style enters.

    A step along them changes the output of these layers most, whatever the picture.

    Raises:
        TypeError: the generator has neither latents nor styles.
    """
    weights = generator.entry_weights().double().cpu()
    values, vectors = _eigen(weights.T @ weights)
    axes, shares = _largest(values, vectors, count)
    spread = _spread_along(generator, axes)
    return FoundDirections(_signed(axes * spread[:, None]).float(), shares)


def principal(generator: ImageGenerator, count: int) -> FoundDirections:
    """Principal components of styles, or of the first features, carried over to latents.

    In a generator without styles the components are those of the features after its first step; the
    direction of a component is the regression of its coordinate on the latent.

    Raises:
        TypeError: the generator has neither latents nor styles.
    """
    generator.entry_weights()  # raises where there is no such space
    latents, entries = _samples(generator)
    entrance = generator.entrance
    is_styled = isinstance(entrance, StyleEntrance)
    points = entries if is_styled else _first_features(generator, entries)
    centred = points.double() - points.double().mean(dim=0)
    values, vectors = _components(centred)
    axes, shares = _largest(values, vectors, count)
    if is_styled:
        spread = (centred @ axes.T).std(dim=0)
        return FoundDirections(_signed(axes * spread[:, None]).float(), shares)
    coordinates = centred @ axes.T
    z = latents.double()
    solution = cast("Tensor", torch.linalg.solve(z.T @ z, z.T @ coordinates)).T  # least squares
    return FoundDirections(_signed(torch.nn.functional.normalize(solution)).float(), shares)


DIRECTION_METHODS: Final[
    Mapping[str, tuple[str, Callable[[ImageGenerator, int], FoundDirections]]]
] = {
    "sefa": ("closed-form factorisation of the first weights (Shen and Zhou 2021)", factorised),
    "pca": ("principal components (Härkönen et al. 2020)", principal),
}


def _largest(values: Tensor, vectors: Tensor, count: int) -> tuple[Tensor, tuple[float, ...]]:
    """The last `count` columns of `vectors` as rows, largest value first, and their shares."""
    values = values.clamp(min=0.0)
    count = min(count, len(values))
    total = float(values.sum()) or 1.0
    shares = tuple(float(value) / total for value in values.flip(0)[:count])
    return vectors.T.flip(0)[:count], shares


def _signed(vectors: Tensor) -> Tensor:
    """Turn each vector so that its largest number is positive: an axis has no sign."""
    largest = vectors.gather(1, vectors.abs().argmax(dim=1, keepdim=True))
    return vectors * largest.sign()


def _spread_along(generator: ImageGenerator, axes: Tensor) -> Tensor:
    """Standard deviations along unit vectors `[count, S]`: of styles; that of latents is 1."""
    if not isinstance(generator.entrance, StyleEntrance):
        return torch.ones(len(axes), dtype=torch.float64)
    _, styles = _samples(generator)
    return (styles.double() @ axes.T).std(dim=0)


@torch.no_grad()
def _samples(generator: ImageGenerator) -> tuple[Tensor, Tensor]:
    """Latents `[N, L]` of the first seeds, and their styles or entry vectors."""
    entrance, classes = generator.entrance, generator.config.classes
    latents = torch.stack(
        [torch.from_numpy(latent_of(seed, entrance.latent_size)) for seed in range(SAMPLED_SEEDS)]
    )
    labels = [label_of(seed, classes) if classes else None for seed in range(SAMPLED_SEEDS)]
    points = [None if label is None else ClassPoint(label, label) for label in labels]
    if isinstance(entrance, StyleEntrance):
        entries = [entrance.style(z, z, 0.0, p) for z, p in zip(latents, points, strict=True)]
    else:
        entries = [entrance.enter(z, p) for z, p in zip(latents, points, strict=True)]
    return latents, torch.stack(entries)


@torch.no_grad()
def _first_features(generator: ImageGenerator, entries: Tensor) -> Tensor:
    """Results `[N, F]` of the first step of the trunk."""
    parts = [
        entries[start : start + ENTRIES_AT_ONCE]
        for start in range(0, len(entries), ENTRIES_AT_ONCE)
    ]
    return torch.cat([generator.trunk[0](part).flatten(1) for part in parts])


def _components(centred: Tensor) -> tuple[Tensor, Tensor]:
    """Rising variances, and unit axes as columns; the smaller of both Gram matrices is taken."""
    samples, size = centred.shape
    if size <= samples:
        return _eigen(centred.T @ centred)
    values, weights = _eigen(centred @ centred.T)
    return values, torch.nn.functional.normalize(centred.T @ weights, dim=0)


def _eigen(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues of a symmetric matrix, rising, and eigenvectors as columns."""
    values, vectors = cast("tuple[Tensor, Tensor]", torch.linalg.eigh(matrix))
    return values, vectors
