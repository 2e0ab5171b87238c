"""Search for the seed of a picture among many, without metadata or watermark.

All seeds are rendered at a small exit and compared with the picture at that size; the few that are
most similar are rendered at full size and compared again. Owns this order and the list of the best.
Works for compressed and resized pictures, and not for parts of pictures. Knows no engine.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.picture import Pixels, in_colour, in_eight_bits, on_white
from service.batching.engine import ModelInfo
from service.batching.recipe import Recipe, point_of
from service.verification.similarity import Comparison, has_shape_of, resized, similarity

FIRST_SIDE: Final = 16  # pixels; smaller exits do not tell a hundred thousand seeds apart
KEPT_CANDIDATES: Final = 64  # candidates that are compared at full size
RECIPES_AT_ONCE: Final = 64  # recipes
LEAD_DB: Final = 3.0  # by which the best one must be ahead, if it is not similar by itself

RenderAll = Callable[[Sequence[Recipe]], list[Pixels]]


def is_found(candidates: Sequence[Candidate]) -> bool:
    """True if the first candidate makes the picture.

    It is equal or similar, or ahead of all others by `LEAD_DB`: of thousands of other seeds, the
    two most similar ones are nearly as similar as each other. Of a few seeds, or of pictures of a
    few pixels, one may be ahead by chance: there a lead does not count.
    """
    if not candidates:
        return False
    first = candidates[0].comparison
    if first.equal or first.is_similar:
        return True
    tells = len(candidates) >= KEPT_CANDIDATES and min(first.width, first.height) >= FIRST_SIDE
    return tells and first.psnr_db - candidates[1].comparison.psnr_db >= LEAD_DB


@dataclass(frozen=True)
class Candidate:
    """A seed whose picture is similar.

    Attributes:
        recipe: at full size.
        comparison: with the picture, at the smaller of both sizes.
    """

    recipe: Recipe
    comparison: Comparison


class SeedSearch:
    """Compares seeds with one picture, batch by batch.

    Args:
        seen: the picture, `[H, W, C]`.
        served: the model.
        render: renders recipes of the model.
        labels: classes to try for each seed; None is the class of the seed itself.
        first: resolution of the first comparison; None for the smallest of at least `FIRST_SIDE`.

    Attributes:
        first: resolution of the first comparison.

    Raises:
        ValueError: the picture has other proportions than those of the model.
    """

    def __init__(
        self,
        seen: Pixels,
        served: ModelInfo,
        render: RenderAll,
        labels: Sequence[str | None] = (None,),
        first: int | None = None,
    ) -> None:
        sizes = served.card.resolutions
        self.first = first or next((size for size in sizes if size >= FIRST_SIDE), sizes[-1])
        height, width = served.size_at(sizes[-1])
        if not has_shape_of(seen, np.zeros((height, width, 1), np.uint8)):
            raise ValueError(
                f"the picture has {seen.shape[1]} x {seen.shape[0]} pixels, those of "
                f"{served.card.name} have {width} x {height}: parts of pictures are not found"
            )
        high, wide = served.size_at(self.first)
        self._seen, self._served, self._render, self._labels = seen, served, render, labels
        self._target = resized(in_rgb(seen), wide, high).astype(np.float32)
        self._count = itertools.count()  # makes entries of equal errors comparable
        self._best: list[tuple[float, int, Recipe]] = []  # a heap of the negative errors

    def look_at(self, seeds: Sequence[int]) -> None:
        """Compare the pictures of seeds at the small exit, and keep the best."""
        name = self._served.pinned_name
        recipes = [
            Recipe(name, point_of(seed), self.first, label)
            for seed in seeds
            for label in self._labels
        ]
        for start in range(0, len(recipes), RECIPES_AT_ONCE):
            batch = recipes[start : start + RECIPES_AT_ONCE]
            for recipe, pixels in zip(batch, self._render(batch), strict=True):
                self._keep(recipe, self._error_of(pixels))

    def candidates(self) -> list[Candidate]:
        """Return the kept seeds, rendered at full size, the most similar one first."""
        full = self._served.card.resolutions[-1]
        kept = [recipe for _, _, recipe in sorted(self._best, reverse=True)]
        found = [
            Candidate(recipe, similarity(self._seen, pixels))
            for recipe, pixels in self._rendered_at(kept, full)
        ]
        return sorted(found, key=lambda each: each.comparison.psnr_db, reverse=True)

    def _rendered_at(
        self, recipes: Sequence[Recipe], resolution: int
    ) -> Iterator[tuple[Recipe, Pixels]]:
        for recipe in recipes:  # one by one: pictures of large models do not fit into memory
            full = Recipe(recipe.model, recipe.point, resolution, recipe.label)
            yield full, self._render([full])[0]

    def _error_of(self, pixels: Pixels) -> float:
        shown = in_rgb(pixels).astype(np.float32)
        return float(np.mean(np.square(shown - self._target)))

    def _keep(self, recipe: Recipe, error: float) -> None:
        entry = (-error, -next(self._count), recipe)
        if len(self._best) < KEPT_CANDIDATES:
            heapq.heappush(self._best, entry)
        elif entry > self._best[0]:
            heapq.heapreplace(self._best, entry)


def in_rgb(pixels: Pixels) -> Pixels:
    """Convert a picture of any kind to RGB of 8 bits, on white."""
    return on_white(in_colour(in_eight_bits(pixels)))
