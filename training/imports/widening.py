"""Widening: any feature maps as those of `fmap_base` and `fmap_max`.

Our networks give each level `min(fmap_base / 2^(level + 1), fmap_max)` feature maps. Where another
tool has fewer at some level, maps that are always 0 are added. They change PixelNorm, which takes
the mean over all maps of a level, by one known factor, and the layers that read normalised features
are scaled against it. So the pictures stay; only PixelNorm's epsilon of 1e-8 weighs a little more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from training.imports.effective_layers import EffectiveLayer, ProganLayers
from training.imports.refusal import ImportRefusedError

POSITIONS = 16  # of the base
MOST_TIMES = 4  # as many weights as before


def rule_of(maps: Sequence[int]) -> tuple[int, int]:
    """The least `fmap_base` and `fmap_max` that give each level at least these feature maps."""
    return max(count << (level + 1) for level, count in enumerate(maps)), max(maps)


def maps_by_rule(levels: int, base: int, most: int) -> list[int]:
    """The feature maps of so many levels."""
    return [min(base >> (level + 1), most) for level in range(levels)]


def widened(layers: ProganLayers) -> ProganLayers:
    """Layers with the feature maps of a rule; the same ones if they have these already.

    Raises:
        ImportRefusedError: there would be more than four times as many weights.
    """
    maps = layers.maps
    wide = maps_by_rule(len(maps), *rule_of(maps))
    if wide == maps:
        return layers
    latent = layers.dense.weight.shape[1]
    if weights_in(wide, latent) > MOST_TIMES * weights_in(maps, latent):
        raise ImportRefusedError(
            f"its levels have {_listed(maps)} feature maps. Ours have min(fmap_base / 2^(level + "
            f"1), fmap_max): {_listed(wide)} at least, more than {MOST_TIMES} times the weights"
        )
    gains = [math.sqrt(few / many) for few, many in zip(maps, wide, strict=True)]
    dense = EffectiveLayer(
        padded(layers.dense.weight, POSITIONS * wide[0]),
        padded(layers.dense.bias, POSITIONS * wide[0]),
    )
    first = gains[0] if layers.stem_norm else 1.0
    levels = [
        (
            wider(up, wide[level], wide[level - 1], gains[level - 1]),
            wider(after, wide[level], wide[level], gains[level]),
        )
        for level, (up, after) in enumerate(layers.levels, 1)
    ]
    exits = [
        wider(exit_, len(exit_.bias), wide[level], gains[level])
        for level, exit_ in enumerate(layers.exits)
    ]
    conv = wider(layers.conv, wide[0], wide[0], first)
    return ProganLayers(dense, conv, levels, exits, layers.stem_norm)


def wider(layer: EffectiveLayer, outputs: int, inputs: int, gain: float) -> EffectiveLayer:
    """A convolution `[out, in, k, k]` with more maps, all weights of which are 0, times `gain`."""
    _, now, *_ = layer.weight.shape
    weight = F.pad(layer.weight * gain, (0, 0, 0, 0, 0, inputs - now))
    return EffectiveLayer(padded(weight, outputs), padded(layer.bias, outputs))


def padded(x: Tensor, length: int) -> Tensor:
    """Zeros at the end of the first axis."""
    return F.pad(x, (0, 0) * (x.dim() - 1) + (0, length - len(x)))


def weights_in(maps: Sequence[int], latent: int) -> int:
    """Number of weights of the dense layer and of the convolutions, without the exits."""
    pairs = zip([maps[0], *maps], maps, strict=False)
    dense = POSITIONS * maps[0] * latent
    return dense + sum(9 * (below * above + above * above) for below, above in pairs)


def _listed(maps: Sequence[int]) -> str:
    return ", ".join(map(str, maps))
