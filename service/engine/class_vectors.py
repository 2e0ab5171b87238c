"""Class conditioning: from a label, or the class of a seed, to the input of the stem.

Owns the class vectors and the interpolation between two of them. Knows neither levels nor pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.families.progan.generator import conditioned
from models.latent import label_of
from models.layers import pixel_norm
from service.batching.recipe import Recipe


class ClassVectors:
    """The embedding vectors of a model's classes.

    Args:
        embedding: a vector `[L]` for each class.
        names: names of the classes, in the order of `embedding`.
    """

    def __init__(self, embedding: nn.Embedding, names: Sequence[str]) -> None:
        self._vectors = embedding.weight.detach().float().cpu()
        self._places = {name: place for place, name in enumerate(names)}

    def enter(self, latent: Tensor, recipe: Recipe) -> Tensor:
        """Return the input of the stem for one picture: latent `[1, L]` -> `[1, 2L]`."""
        return conditioned(latent, self.vector_of(recipe)[None])

    def vector_of(self, recipe: Recipe) -> Tensor:
        """Return the vector `[L]` of the class of a recipe.

        If the recipe has no label, the class follows from the seed. Between two seeds of different
        classes, the normalized class vectors are interpolated linearly.
        """
        if recipe.label is not None:
            return self._vectors[self._places[recipe.label]]
        point = recipe.point
        start, end = (label_of(seed, len(self._places)) for seed in (point.start, point.end))
        if start == end or point.t == 0.0:
            return self._vectors[start]
        ends = pixel_norm(self._vectors[[start, end]])  # so that both have the same weight
        return torch.lerp(ends[0], ends[1], point.t)


def class_vectors_of(embedding: nn.Embedding | None, names: Sequence[str]) -> ClassVectors | None:
    """Return the class vectors of a generator; None if it has no classes."""
    return None if embedding is None else ClassVectors(embedding, names)
