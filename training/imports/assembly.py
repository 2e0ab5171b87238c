"""Weights of another tool as a generator of ours.

Owns the network configuration that fits given layers, and the inversion of our own scaling: another
tool's layer is described by what it multiplies with (the *effective* weight and bias, in float64),
and ours stores that divided by its scale, rounded once to float32. Knows no tool.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.families.progan.config import NetworkConfig, resolution_of
from models.families.progan.generator import Generator
from models.layers import EqualizedConv2d, EqualizedLinear
from training.imports.refusal import ImportRefusedError

Scaled = EqualizedLinear | EqualizedConv2d


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


def assemble(layers: ProganLayers) -> Generator:
    """Build the generator of these layers, in evaluation mode.

    Raises:
        ImportRefusedError: no network of ours has these shapes, or a weight is not finite.
    """
    generator = Generator(fitting_network(layers))
    state: dict[str, Tensor] = {}
    with torch.no_grad():
        for name, module, layer in layer_pairs(generator, layers):
            weight, bias = (layer.weight / module.scale).float(), layer.bias.float()
            if not (weight.isfinite().all() and bias.isfinite().all()):
                raise ImportRefusedError(f"a weight of {name} is not finite: the file is damaged")
            state |= {f"{name}.weight": weight, f"{name}.bias": bias}
    generator.load_state_dict(state, strict=True)
    return generator.eval().requires_grad_(False)


def fitting_network(layers: ProganLayers) -> NetworkConfig:
    """The configuration whose shapes are those of the layers.

    Raises:
        ImportRefusedError: there is none.
    """
    maps = [exit_.weight.shape[1] for exit_ in layers.exits]
    base, most = fmap_rule(maps)
    try:
        return NetworkConfig(
            resolution=resolution_of(len(maps) - 1),
            channels=layers.exits[0].weight.shape[0],
            latent_size=layers.dense.weight.shape[1],
            fmap_base=base,
            fmap_max=most,
            stem_norm=layers.stem_norm,
        )
    except ValueError as error:
        raise ImportRefusedError(f"no network of ours has these shapes: {error}") from error


def fmap_rule(maps: Sequence[int]) -> tuple[int, int]:
    """Find `fmap_base` and `fmap_max` that give these feature maps of the levels.

    Raises:
        ImportRefusedError: no two numbers do.
    """
    most = max(maps)
    base = max(count << (level + 1) for level, count in enumerate(maps))
    if [min(base >> (level + 1), most) for level in range(len(maps))] != [*maps]:
        listed = ", ".join(map(str, maps))
        raise ImportRefusedError(
            f"its levels have {listed} feature maps, and min(fmap_base / 2^(level + 1), fmap_max) "
            "gives these for no fmap_base and fmap_max: such a network cannot be imported"
        )
    return base, most


def layer_pairs(
    generator: Generator, layers: ProganLayers
) -> Iterator[tuple[str, Scaled, EffectiveLayer]]:
    """Each layer of ours by its name, with the one that it takes over."""
    named = [("stem.dense", layers.dense), ("stem.conv", layers.conv)]
    for number, (first, second) in enumerate(layers.levels):
        named += [(f"levels.{number}.up", first), (f"levels.{number}.conv", second)]
    named += [(f"exits.{number}", layer) for number, layer in enumerate(layers.exits)]
    for name, layer in named:
        module = generator.get_submodule(name)
        if not isinstance(module, Scaled):
            raise TypeError(f"{name} is no layer with a scale")
        yield name, module, layer
