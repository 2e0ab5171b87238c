"""Rendering: a batch of recipes of one model -> its images.

Owns the order of the computation: latents on the CPU, shared levels once, each image through the
exit of its own level. Knows a network only as a `CompiledNetwork`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from models.families.progan.config import level_of
from models.latent import Latent, latent_of, lerp, slerp
from models.picture import BitDepth, Pixels
from models.pixels import to_pixels
from service.batching.recipe import Method, Point, Recipe
from service.engine.backends.eager import CompiledNetwork
from service.engine.class_vectors import ClassVectors
from service.engine.device import to_device, to_host
from service.engine.picture_marker import PictureMarker, with_watermarks


def latent_at(point: Point, size: int) -> Latent:
    """Return the latent `[size]` of a point: that of its seed, or interpolated between two."""
    start = latent_of(point.start, size)
    if point.t == 0.0:
        return start
    between = slerp if point.method is Method.SLERP else lerp
    return between(start, latent_of(point.end, size), point.t)


def latents_of(points: Sequence[Point], size: int) -> Tensor:
    """Return the latents `[N, size]` of `points`, float32 on the CPU."""
    return torch.tensor(np.stack([latent_at(point, size) for point in points]))


@torch.inference_mode()
def generator_inputs(recipes: Sequence[Recipe], size: int, classes: ClassVectors | None) -> Tensor:
    """Return inputs of the stem: latents, conditioned if there are classes; float32 on the CPU."""
    latents = latents_of([recipe.point for recipe in recipes], size)
    if classes is None:
        return latents
    # One at a time, so that no value depends on the other recipes of the batch.
    return torch.cat([classes.enter(z[None], r) for z, r in zip(latents, recipes, strict=True)])


@torch.inference_mode()
def render_network(
    network: CompiledNetwork,
    latent_size: int,
    recipes: Sequence[Recipe],
    classes: ClassVectors | None = None,
    marker: PictureMarker | None = None,
    bit_depth: BitDepth = 8,
) -> list[Pixels]:
    """Render `recipes`: images `[H, W, C]`, uint8 or uint16, in the same order.

    The batch is sorted from the largest to the smallest picture: the images that exit at a level
    are its tail, and the rest of the batch is a slice without a copy. After the last shared level,
    the images of each resolution run through their exit as one batch. Then each image whose recipe
    has a watermark gets it, by itself.
    """
    torch.set_num_threads(network.torch_threads)  # a setting of the calling thread, and a cheap one
    order = sorted(range(len(recipes)), key=lambda i: -recipes[i].resolution)
    heights = [level_of(recipes[i].resolution) for i in order]
    latents = generator_inputs([recipes[i] for i in order], latent_size, classes)
    leaving: list[tuple[int, Tensor]] = []  # first index in `order`, images [n, H, W, C]
    features = network.stem(to_device(latents, network.device))
    for level in range(len(network.levels) + 1):
        above = sum(height > level for height in heights) if level < len(network.levels) else 0
        for height, places in groupby(range(above, len(features)), key=heights.__getitem__):
            first, *rest = places
            image = network.exits[height](features[first : first + 1 + len(rest)])
            of_images = [recipes[order[place]] for place in (first, *rest)]
            marked = with_watermarks(image, of_images, marker)
            leaving.append((first, to_pixels(marked, bit_depth)))
        if above == 0:
            break
        features = network.levels[level](features[:above])
    return _in_order(leaving, order)


def _in_order(leaving: list[tuple[int, Tensor]], order: list[int]) -> list[Pixels]:
    """Undo the sorting, and split batches into one array for each image."""
    images: dict[int, Pixels] = {}
    arrays = to_host([pixels for _, pixels in leaving])
    for (first, _), array in zip(leaving, arrays, strict=True):
        for offset, image in enumerate(array):
            images[order[first + offset]] = image
    return [images[i] for i in range(len(order))]
