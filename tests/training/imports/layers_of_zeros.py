"""Layers of a network of any shape, whose weights are all 0."""

from itertools import pairwise

import torch

from training.imports.effective_layers import EffectiveLayer, ProganLayers


def layers_of(maps: list[int], channels: int = 3, latent: int = 6) -> ProganLayers:
    """Layers of zeros with these feature maps."""

    def zeros(*shape: int) -> EffectiveLayer:
        return EffectiveLayer(torch.zeros(shape).double(), torch.zeros(shape[0]).double())

    levels = [
        (zeros(above, below, 3, 3), zeros(above, above, 3, 3)) for below, above in pairwise(maps)
    ]
    exits = [zeros(channels, count, 1, 1) for count in maps]
    return ProganLayers(zeros(16 * maps[0], latent), zeros(maps[0], maps[0], 3, 3), levels, exits)
