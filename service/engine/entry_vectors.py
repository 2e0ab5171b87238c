"""Entry vectors: from a recipe to the input of the network, one vector for each picture.

Owns the lookup of latents and classes for a recipe; the rest is the entrance of the generator
(`models.entrance`). Knows neither trunk nor pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from models.editing import Directions
from models.entrance import ClassPoint, Entrance, StyleEntrance, TruncatingEntrance
from models.latent import Latent, label_of, latent_of, lerp, slerp
from models.pixels import from_pixels
from models.resolution import level_of
from service.batching.recipe import Method, Point, Recipe, SourcePicture


class EntryVectors:
    """The entry vectors of one model.

    Args:
        entrance: of its generator.
        names: of its classes, in order.
        channels: of its pictures.
        directions: of the model; None without any.
    """

    def __init__(
        self,
        entrance: Entrance,
        names: Sequence[str] = (),
        channels: int = 3,
        directions: Directions | None = None,
    ) -> None:
        self._entrance = entrance
        self._directions = directions
        self._channels = channels
        self._places = {name: place for place, name in enumerate(names)}

    @torch.inference_mode()
    def of(self, recipes: Sequence[Recipe]) -> Tensor:
        """Return the vectors `[N, size]` of `recipes`, float32 on the CPU.

        Each is computed alone, so that no value depends on the other recipes of the batch.
        """
        return torch.stack([self._vector(recipe) for recipe in recipes])

    def class_of(self, recipe: Recipe) -> ClassPoint | None:
        """Return the class of a recipe; None for a model without classes.

        If the recipe has no label, the class follows from the seed, and between two seeds from
        both.
        """
        classes = self._entrance.classes
        if not classes:
            return None
        if recipe.label is not None:
            place = self._places[recipe.label]
            return ClassPoint(place, place)
        start, end = (label_of(seed, classes) for seed in (recipe.point.start, recipe.point.end))
        return ClassPoint(start, end, recipe.point.t)

    def label_of(self, recipe: Recipe) -> int | None:
        """Return the number of the class of a recipe; None without classes, or between two."""
        point = self.class_of(recipe)
        return point.start if point is not None and point.is_pure else None

    def _vector(self, recipe: Recipe) -> Tensor:
        if recipe.source is not None:
            point = self.class_of(recipe)
            return self._entrance.enter(source_vector(recipe.source, self._channels), point)
        if isinstance(self._entrance, StyleEntrance):
            return self._styled_vector(self._entrance, recipe)
        latent = torch.from_numpy(latent_at(recipe.point, self._entrance.latent_size))
        if isinstance(self._entrance, TruncatingEntrance):
            latent = self._edited(self._entrance.truncated_latent(latent, recipe.psi), recipe)
            return self._entrance.enter_truncated(latent, self.class_of(recipe), recipe.psi)
        return self._entrance.enter(self._edited(latent, recipe), self.class_of(recipe))

    def _styled_vector(self, entrance: StyleEntrance, recipe: Recipe) -> Tensor:
        """Between two seeds styles are interpolated, then truncated, then edited.

        The second style has the same class, truncation and edits.
        """
        point, of_class = recipe.point, self.class_of(recipe)
        start, end = (self._latent(seed) for seed in (point.start, point.end))
        style = entrance.style(start, end, point.t, of_class)
        style = self._edited(entrance.truncated(style, of_class, recipe.psi), recipe)
        if recipe.mix is None:
            return entrance.compose(style)
        second, t = self._latent(recipe.mix.seed), of_class.t if of_class else 0.0
        mixed = entrance.style(second, second, t, of_class)
        mixed = self._edited(entrance.truncated(mixed, of_class, recipe.psi), recipe)
        return entrance.compose(style, mixed, level_of(recipe.mix.resolution))

    def _edited(self, vector: Tensor, recipe: Recipe) -> Tensor:
        if self._directions is None:
            return vector
        return self._directions.moved(vector, [(each.name, each.strength) for each in recipe.edits])

    def _latent(self, seed: int) -> Tensor:
        return torch.from_numpy(latent_of(seed, self._entrance.latent_size))


def source_vector(source: SourcePicture, channels: int) -> Tensor:
    """Return a source picture as the numbers `[C H W]` in [-1, 1], row by row."""
    pixels = torch.frombuffer(bytearray(source.pixels), dtype=torch.uint8)
    rows = pixels.reshape(1, -1, 1, channels)
    return from_pixels(rows).contiguous().flatten()


def latent_at(point: Point, size: int) -> Latent:
    """Return the latent `[size]` of a point: that of its seed, or interpolated between two."""
    start = latent_of(point.start, size)
    if point.t == 0.0:
        return start
    between = slerp if point.method is Method.SLERP else lerp
    return between(start, latent_of(point.end, size), point.t)
