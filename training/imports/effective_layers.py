"""The layers of a Progressive GAN, as any tool may have stored them.

Owns the form that all mappings meet in: what a layer multiplies with and adds (the *effective*
weight and bias, in float64), whatever scale the tool applies where. Knows no tool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class EffectiveLayer:
    """A layer by what it multiplies with and adds.

    Attributes:
        weight: `[out, in]` of the dense layer, `[out, in, k, k]` of a convolution.
        bias: `[out]`.
    """

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True)
class ProganLayers:
    """All layers of a Progressive GAN's generator.

    Attributes:
        dense: from the latent to the features of the base, ordered map, row, column.
        conv: the convolution after it.
        levels: both convolutions of each level above the base.
        exits: the toRGB layer of each level.
        stem_norm: True if PixelNorm follows the dense layer.
    """

    dense: EffectiveLayer
    conv: EffectiveLayer
    levels: Sequence[tuple[EffectiveLayer, EffectiveLayer]]
    exits: Sequence[EffectiveLayer]
    stem_norm: bool = True

    @property
    def maps(self) -> list[int]:
        """Number of feature maps of each level."""
        return [exit_.weight.shape[1] for exit_ in self.exits]
