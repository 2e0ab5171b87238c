"""Weights of another tool as a generator of ours.

Owns the network configuration that fits given layers, and the inversion of our own scaling: a layer
of ours stores the effective weight divided by its scale, rounded once to float32. Knows no tool.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.layers.progan import EqualizedConv2d, EqualizedLinear
from models.resolution import resolution_of
from training.imports.effective_layers import EffectiveLayer, ProganLayers
from training.imports.refusal import ImportRefusedError
from training.imports.widening import rule_of, widened

Scaled = EqualizedLinear | EqualizedConv2d


def assemble(layers: ProganLayers) -> Generator:
    """Build the generator of these layers, in evaluation mode.

    Raises:
        ImportRefusedError: no network of ours has these shapes, or a weight is not finite.
    """
    layers = widened(layers)
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


def fitting_network(layers: ProganLayers) -> ProganConfig:
    """The configuration whose shapes are those of layers with the feature maps of a rule.

    Raises:
        ImportRefusedError: there is none.
    """
    base, most = rule_of(layers.maps)
    try:
        return ProganConfig(
            resolution=resolution_of(len(layers.levels)),
            channels=layers.exits[0].weight.shape[0],
            latent_size=layers.dense.weight.shape[1],
            fmap_base=base,
            fmap_max=most,
            stem_norm=layers.stem_norm,
        )
    except ValueError as error:
        raise ImportRefusedError(f"no network of ours has these shapes: {error}") from error


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
