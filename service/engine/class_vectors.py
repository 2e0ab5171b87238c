"""The classes of a model: from a label, or a seed's own, to what the stem takes.

Owns the vectors of the classes and the way between two of them. Knows neither levels nor pixels.
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
    """The vectors of a model's classes.

    Args:
        embedding: a vector `[L]` for each class.
        names: of the classes, in the same order.
    """

    def __init__(self, embedding: nn.Embedding, names: Sequence[str]) -> None:
        self._vectors = embedding.weight.detach().float().cpu()
        self._places = {name: place for place, name in enumerate(names)}

    def enter(self, latent: Tensor, recipe: Recipe) -> Tensor:
        """What the stem takes of one picture: latent `[1, L]` -> `[1, 2L]`."""
        return conditioned(latent, self.vector_of(recipe)[None])

    def vector_of(self, recipe: Recipe) -> Tensor:
        """The vector `[L]` of the class asked for.

        Without one, each seed brings its own, and from one seed to another the way is straight.
        """
        if recipe.label is not None:
            return self._vectors[self._places[recipe.label]]
        point = recipe.point
        start, end = (label_of(seed, len(self._places)) for seed in (point.start, point.end))
        if start == end or point.t == 0.0:
            return self._vectors[start]
        ends = pixel_norm(self._vectors[[start, end]])  # so that neither outweighs the other
        return torch.lerp(ends[0], ends[1], point.t)


def class_vectors_of(embedding: nn.Embedding | None, names: Sequence[str]) -> ClassVectors | None:
    """The classes of a generator; None where it has none."""
    return None if embedding is None else ClassVectors(embedding, names)
