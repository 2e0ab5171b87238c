"""Predicted duration of work, learned from the batches that were computed.

Owns an online least-squares fit per model of `seconds = a + sum of b[resolution] * n[resolution]`:
each batch has a fixed cost, and each image a cost that depends on its resolution. Knows recipes
only.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.batching.recipe import Recipe

FORGETTING = 0.98  # the weight of a batch is halved after 34 more batches
PRIOR_SECONDS_PER_PIXEL = 1e-6  # before any measurement: 66 ms at 256 px
PRIOR_WEIGHT = 0.01  # relative to a batch
RIDGE = 1e-6


class PredictedWork(NamedTuple):
    """One picture to predict, where there is no recipe.

    Attributes:
        model: name of the fit: work of one name has one fixed cost.
        resolution: of the picture.
    """

    model: str
    resolution: int


class BatchFit:
    """The fit of one model over the resolutions seen so far."""

    def __init__(self) -> None:
        self._column: dict[int, int] = {}  # resolution -> index of its coefficient; 0 is `a`
        self._squares: NDArray[np.float64] = np.eye(1) * PRIOR_WEIGHT
        self._products: NDArray[np.float64] = np.zeros(1)
        self._coefficients: NDArray[np.float64] = np.zeros(1)

    @property
    def fixed(self) -> float:
        """`a`, in seconds."""
        return max(0.0, float(self._coefficients[0]))

    def per_image(self, resolution: int) -> float:
        """`b[resolution]`, in seconds; the prior by pixel count if that resolution was not seen."""
        if resolution not in self._column:
            return PRIOR_SECONDS_PER_PIXEL * resolution**2
        return max(0.0, float(self._coefficients[self._column[resolution]]))

    def costs(self) -> dict[int, float]:
        """`b` by resolution, for those that were seen."""
        return {resolution: self.per_image(resolution) for resolution in self._column}

    def observe(self, images: Counter[int], seconds: float) -> None:
        """Learn from a batch of `images[resolution]` images that took `seconds`."""
        for resolution in images.keys() - self._column.keys():
            self._grow(resolution)
        row = np.zeros(len(self._products))
        row[0] = 1.0
        for resolution, count in images.items():
            row[self._column[resolution]] = count
        self._squares *= FORGETTING
        self._squares += row[:, None] * row
        self._products *= FORGETTING
        self._products += row * seconds
        # This ridge keeps the system solvable after the weight of the prior has decayed.
        regular = self._squares.copy()
        regular.flat[:: len(row) + 1] += RIDGE
        self._coefficients = np.linalg.solve(regular, self._products).astype(np.float64, copy=False)

    def _grow(self, resolution: int) -> None:
        self._column[resolution] = size = len(self._products)
        self._squares = np.pad(self._squares, (0, 1))
        self._squares[size, size] = PRIOR_WEIGHT
        prior = PRIOR_WEIGHT * PRIOR_SECONDS_PER_PIXEL * resolution**2
        self._products = np.append(self._products, prior)


class WorkPredictor:
    """Predicts the seconds of recipes, over all models; thread-safe."""

    def __init__(self) -> None:
        self._fits: dict[str, BatchFit] = {}
        self._one_at_a_time = threading.RLock()

    def observe(self, recipes: Sequence[Recipe | PredictedWork], seconds: float) -> None:
        """Learn from a batch of one model that took `seconds`."""
        with self._one_at_a_time:
            fit = self._fits.setdefault(recipes[0].model, BatchFit())
            fit.observe(Counter(recipe.resolution for recipe in recipes), seconds)

    def forget(self, model: str) -> None:
        """Drop the fit of a model that was unloaded."""
        with self._one_at_a_time:
            self._fits.pop(model, None)

    def image_seconds(self, recipe: Recipe | PredictedWork) -> float:
        """Predicted seconds that `recipe` adds to a batch."""
        with self._one_at_a_time:
            return self._fit(recipe.model).per_image(recipe.resolution)

    def seconds(self, recipes: Iterable[Recipe | PredictedWork], max_batch: int) -> float:
        """Predicted seconds of `recipes`, in batches of up to `max_batch` images of one model."""
        counts: Counter[str] = Counter()
        total = 0.0
        for recipe in recipes:
            counts[recipe.model] += 1
            total += self.image_seconds(recipe)
        batches = {model: -(-count // max_batch) for model, count in counts.items()}
        with self._one_at_a_time:
            return total + sum(self._fit(model).fixed * n for model, n in batches.items())

    def costs(self) -> dict[str, tuple[float, dict[int, float]]]:
        """The fixed seconds of a batch, and the seconds of an image by resolution, by model."""
        with self._one_at_a_time:
            return {model: (fit.fixed, fit.costs()) for model, fit in self._fits.items()}

    def _fit(self, model: str) -> BatchFit:
        return self._fits.get(model) or BatchFit()
