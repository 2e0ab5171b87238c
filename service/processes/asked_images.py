"""Requests that a front end has sent to an engine: their blocks of memory, and their images.

Owns the size of the block of each picture, and the way from an answer to pixels. Knows no sockets.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from service.batching.engine import ModelInfo
from service.batching.queue import Rendered
from service.batching.recipe import Recipe
from service.processes.messages import RefusedAnswer, RenderAnswer
from service.processes.shared_blocks import PixelMemory
from service.refusal import error_of

PRIOR_SECONDS: Final = 0.01  # of an image of a model of which the engine has reported no cost

ReportedCosts = Mapping[str, tuple[float, Mapping[int, float]]]


@dataclass(frozen=True, slots=True)
class PictureForm:
    """Shape `[H, W, C]` and bits of the pixels of one picture."""

    shape: tuple[int, int, int]
    bits: int

    @property
    def size(self) -> int:
        """Number of its bytes."""
        return math.prod(self.shape) * self.bits // 8


def form_of(recipe: Recipe, info: ModelInfo) -> PictureForm:
    """The form of the picture of a recipe of this model."""
    height, width = info.size_at(recipe.resolution)
    return PictureForm((height, width, info.card.network.channels), info.card.bit_depth)


def predicted_seconds(recipes: Sequence[Recipe], costs: ReportedCosts) -> float:
    """Predicted work of images, from the costs that an engine has reported."""
    models = [(costs.get(each.model, (0.0, {}))[1], each.resolution) for each in recipes]
    return sum(by_size.get(resolution, PRIOR_SECONDS) for by_size, resolution in models)


@dataclass(eq=False)
class AskedImages:
    """A request that an engine has not answered.

    Attributes:
        places: first byte of the block of each image.
        seconds: predicted work of its images.
    """

    images: asyncio.Future[list[Rendered]]
    forms: Sequence[PictureForm]
    places: Sequence[int]
    seconds: float

    def settle(self, answer: RenderAnswer | RefusedAnswer, memory: PixelMemory) -> None:
        """Set the images or the error, unless nobody waits any more."""
        if self.images.done():
            return
        if isinstance(answer, RefusedAnswer):
            self.images.set_exception(error_of(answer.refusal))
            return
        self.images.set_result(
            [
                Rendered(
                    memory.read(place, form.shape, form.bits),
                    timing.queue_s,
                    timing.generate_s,
                    timing.batch_size,
                    timing.began_at,
                )
                for place, form, timing in zip(self.places, self.forms, answer.timings, strict=True)
            ]
        )
