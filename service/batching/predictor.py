"""How long work will take, learned from the batches that ran.

Owns an online least-squares fit, one per model, of `seconds = a + sum of b[resolution] * n`:
a batch has a fixed cost and every image one that depends on its resolution. Knows recipes only.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from service.batching.recipe import Recipe

FORGETTING = 0.98  # a batch weighs half as much after 34 more
PRIOR_SECONDS_PER_PIXEL = 1e-6  # before anything ran: 66 ms at 256 px
PRIOR_WEIGHT = 0.01  # of a batch


class BatchFit:
    """The fit of one model over the resolutions seen so far."""

    def __init__(self) -> None:
        self._column: dict[int, int] = {}  # resolution -> place among the coefficients; 0 is `a`
        self._squares: NDArray[np.float64] = np.eye(1) * PRIOR_WEIGHT
        self._products: NDArray[np.float64] = np.zeros(1)
        self._coefficients: NDArray[np.float64] = np.zeros(1)

    @property
    def fixed(self) -> float:
        """`a`, in seconds."""
        return max(0.0, float(self._coefficients[0]))

    def per_image(self, resolution: int) -> float:
        """`b`, in seconds; a guess by size before that resolution was seen."""
        if resolution not in self._column:
            return PRIOR_SECONDS_PER_PIXEL * resolution**2
        return max(0.0, float(self._coefficients[self._column[resolution]]))

    def observe(self, images: Counter[int], seconds: float) -> None:
        """Learn from a batch of `images[resolution]` images that took `seconds`."""
        for resolution in images.keys() - self._column.keys():
            self._grow(resolution)
        row = np.zeros(len(self._products))
        row[0] = 1.0
        for resolution, count in images.items():
            row[self._column[resolution]] = count
        self._squares = FORGETTING * self._squares + np.outer(row, row)
        self._products = FORGETTING * self._products + row * seconds
        # The prior, once more, keeps the system solvable when it has been forgotten.
        ridge = np.eye(len(row)) * 1e-6
        self._coefficients = np.linalg.solve(self._squares + ridge, self._products).astype(
            np.float64
        )

    def _grow(self, resolution: int) -> None:
        self._column[resolution] = size = len(self._products)
        self._squares = np.pad(self._squares, (0, 1))
        self._squares[size, size] = PRIOR_WEIGHT
        prior = PRIOR_WEIGHT * PRIOR_SECONDS_PER_PIXEL * resolution**2
        self._products = np.append(self._products, prior)


class WorkPredictor:
    """Predicted seconds of recipes, over all models; any thread may ask while another learns."""

    def __init__(self) -> None:
        self._fits: dict[str, BatchFit] = {}
        self._one_at_a_time = threading.RLock()

    def observe(self, recipes: Sequence[Recipe], seconds: float) -> None:
        """Learn from a batch of one model that took `seconds`."""
        with self._one_at_a_time:
            fit = self._fits.setdefault(recipes[0].model, BatchFit())
            fit.observe(Counter(recipe.resolution for recipe in recipes), seconds)

    def forget(self, model: str) -> None:
        """Drop what was learned of a model that is served no more."""
        with self._one_at_a_time:
            self._fits.pop(model, None)

    def image_seconds(self, recipe: Recipe) -> float:
        """What `recipe` adds to a batch."""
        with self._one_at_a_time:
            return self._fit(recipe.model).per_image(recipe.resolution)

    def seconds(self, recipes: Iterable[Recipe], max_batch: int) -> float:
        """All of `recipes`, in batches of `max_batch` of one model each."""
        counts: Counter[str] = Counter()
        total = 0.0
        for recipe in recipes:
            counts[recipe.model] += 1
            total += self.image_seconds(recipe)
        batches = {model: -(-count // max_batch) for model, count in counts.items()}
        with self._one_at_a_time:
            return total + sum(self._fit(model).fixed * n for model, n in batches.items())

    def _fit(self, model: str) -> BatchFit:
        return self._fits.get(model) or BatchFit()
