"""The watermark of rendered images, between the network and the rounding to 8 bits.

Owns the choice of the images that are marked, and the patterns that are kept ready. Each image is
marked alone, on the CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor

from service.batching.recipe import Recipe
from service.watermark.key import UNMARKED, WatermarkKey
from service.watermark.marking import Planes, marked
from service.watermark.pattern import pattern_of
from service.watermark.payload import model_prefix_of

PATTERNS_KEPT: Final = 16  # of 1 MiB at 512 px; one for each model and size


class PictureMarker:
    """Marks images with the watermark of one key.

    Attributes:
        name: name of the watermark, as recipes have it.
    """

    def __init__(self, key: WatermarkKey) -> None:
        self.name = key.name
        self._key = key
        self._pattern = lru_cache(PATTERNS_KEPT)(pattern_of)

    def mark(self, image: Planes, recipe: Recipe) -> Planes:
        """Return an image `[C, H, W]`, -1 to 1, with the watermark of its recipe.

        Raises:
            ValueError: the recipe names a watermark of another version or key.
        """
        if recipe.watermark in (None, UNMARKED):
            return image
        if recipe.watermark != self.name:
            raise ValueError(f"the watermark here is {self.name}, not {recipe.watermark}")
        height, width = image.shape[1:]
        prefix = model_prefix_of(recipe.model)
        return marked(image, self._pattern(self._key, prefix, height, width))


def with_watermarks(
    images: Tensor, recipes: Sequence[Recipe], marker: PictureMarker | None
) -> Tensor:
    """Return float images `[N, C, H, W]`; those with a watermark in their recipe are marked.

    Images of which none is marked are returned unchanged.

    Raises:
        ValueError: a recipe names a watermark that `marker` does not make.
    """
    if all(recipe.watermark in (None, UNMARKED) for recipe in recipes):
        return images
    if marker is None:
        raise ValueError("watermarks are off: set PROGAN_WATERMARK=on")
    host = images.float().cpu().numpy()
    done = [marker.mark(image, recipe) for image, recipe in zip(host, recipes, strict=True)]
    return torch.stack([torch.from_numpy(image) for image in done]).to(images.device)
