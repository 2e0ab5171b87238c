"""Rendering: a batch of recipes of one model -> its images.

Owns the order of the computation: entry vectors on the CPU, the trunk once, each image through the
way of its own resolution. Knows a network only as a `CompiledNetwork`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor

from models.picture import BitDepth, Pixels
from models.pixels import to_pixels
from service.batching.recipe import Recipe
from service.engine.backends.eager import CompiledNetwork
from service.engine.device import to_device, to_host
from service.engine.entry_vectors import EntryVectors
from service.engine.picture_marker import PictureMarker, with_watermarks


@torch.inference_mode()
def render_network(
    network: CompiledNetwork,
    entry: EntryVectors,
    recipes: Sequence[Recipe],
    marker: PictureMarker | None = None,
    bit_depth: BitDepth = 8,
) -> list[Pixels]:
    """Render `recipes`: images `[H, W, C]`, uint8 or uint16, in the same order.

    The batch is sorted from the largest to the smallest picture: the images that leave the trunk
    first are its tail, and the rest of the batch is a slice without a copy. After the last step of
    the trunk that they need, the images of each way run through it as one batch.
    Then each image whose recipe has a watermark gets it, by itself.
    """
    torch.set_num_threads(network.torch_threads)  # a setting of the calling thread, and a cheap one
    way_of = [network.way_to(recipe.resolution, entry.label_of(recipe)) for recipe in recipes]
    order = sorted(range(len(recipes)), key=lambda i: (-recipes[i].resolution, way_of[i]))
    ways = [way_of[i] for i in order]
    leaving: list[tuple[int, Tensor]] = []  # first index in `order`, images [n, H, W, C]
    features = to_device(entry.of([recipes[i] for i in order]), network.device)
    for done in range(len(network.trunk) + 1):
        staying = sum(network.starts[way] > done for way in ways)
        for way, places in groupby(range(staying, len(features)), key=ways.__getitem__):
            first, *rest = places
            image = network.ways[way](features[first : first + 1 + len(rest)])
            image = network.shrunk(image, way)
            of_images = [recipes[order[place]] for place in (first, *rest)]
            marked = with_watermarks(image, of_images, marker)
            leaving.append((first, to_pixels(marked, bit_depth)))
        if staying == 0:
            break
        features = network.trunk[done](features[:staying])
    return _in_order(leaving, order)


def _in_order(leaving: list[tuple[int, Tensor]], order: list[int]) -> list[Pixels]:
    """Undo the sorting, and split batches into one array for each image."""
    images: dict[int, Pixels] = {}
    arrays = to_host([pixels for _, pixels in leaving])
    for (first, _), array in zip(leaving, arrays, strict=True):
        for offset, image in enumerate(array):
            images[order[first + offset]] = image
    return [images[i] for i in range(len(order))]
