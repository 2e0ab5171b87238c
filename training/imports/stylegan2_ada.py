"""StyleGAN2 as NVIDIA's StyleGAN2-ADA for PyTorch writes it: the network `G_ema` of a snapshot.

Owns the names of its layers. Their arithmetic is ours, but for one thing: networks that were
trained in half precision clamp their features at 256, far beyond usual values, and ours do not.
Source: Karras et al. 2020 (StyleGAN2-ADA), and the layers that its paper refers to.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.generator import StyleganGenerator
from models.resolution import resolution_of
from training.imports.layout import TensorShape, listed_names, require_shapes
from training.imports.reading import SourceFile
from training.imports.refusal import ImportRefusedError
from training.imports.stylegan2_assembly import (
    assemble_stylegan,
    fitting_stylegan,
    require_filters,
)

ADA_NETWORKS = ("G_ema", "G")
ADA = "StyleGAN2-ADA for PyTorch"
FILTER, EMBEDDING, MEAN_STYLE = "resample_filter", "mapping.embed.weight", "mapping.w_avg"
FILTER_GAIN = 1.0  # of the filters in the file


def ada_stylegan(source: SourceFile) -> StyleganGenerator:
    """Build the generator of a file.

    Raises:
        ImportRefusedError: it is not of this layout, has classes, or is none of our networks.
    """
    tensors = source.tensors
    config = ada_config(tensors)
    names = ada_names(config)
    filters = {name: each for name, each in tensors.items() if name.endswith(FILTER)}
    there = {n: t for n, t in tensors.items() if n not in filters and n != MEAN_STYLE}
    with torch.device("meta"):
        ours = StyleganGenerator(config).state_dict()
    wanted = {theirs: _ada_shape(name, ours[name].shape) for name, theirs in names.items()}
    require_shapes(ADA, wanted, there)
    require_filters(filters, FILTER_GAIN)
    return assemble_stylegan(config, {name: there[theirs] for name, theirs in names.items()})


def ada_config(tensors: Mapping[str, Tensor]) -> StyleganConfig:
    """The configuration of the network, by the shapes of its layers to images.

    Raises:
        ImportRefusedError: they are none of a generator, or no network of ours has them.
    """
    if EMBEDDING in tensors:
        raise ImportRefusedError(
            "its network has classes, whose names are not in the file: only networks without "
            "classes can be imported"
        )
    images: list[Tensor] = []
    while (name := f"{_block(len(images))}.torgb.weight") in tensors:
        images.append(tensors[name])
    mapping = 0
    while f"mapping.fc{mapping}.weight" in tensors:
        mapping += 1
    first = tensors.get("mapping.fc0.weight", torch.empty(0))
    if not images or first.dim() != 2 or any(weight.dim() != 4 for weight in images):
        raise ImportRefusedError(
            f"this is not a generator of {ADA} with output skips: it has {listed_names([*tensors])}"
        )
    channels, maps = images[0].shape[0], [weight.shape[1] for weight in images]
    return fitting_stylegan(channels, maps, first.shape[1], first.shape[0], mapping)


def ada_names(config: StyleganConfig) -> dict[str, str]:
    """The name in the file of each of our weights and noise maps, except the centre."""
    names = {"synthesis.start": f"{_block(0)}.const"}
    for place in range(config.mapping_layers):
        for kind in ("weight", "bias"):
            names[f"mapping.layers.{place}.{kind}"] = f"mapping.fc{place}.{kind}"
    layers = {
        f"synthesis.layers.{place}": f"{_block((place + 1) // 2)}.conv{1 - place % 2}"
        for place in range(config.style_layers - 1)
    }
    for ours, theirs in layers.items():
        names |= {f"{ours}.strength": f"{theirs}.noise_strength"}
        names |= {f"{ours}.noise": f"{theirs}.noise_const"}
    layers |= {
        f"synthesis.images.{level}": f"{_block(level)}.torgb"
        for level in range(config.top_level + 1)
    }
    for ours, theirs in layers.items():
        for kind in ("weight", "bias", "affine.weight", "affine.bias"):
            names[f"{ours}.{kind}"] = f"{theirs}.{kind}"
    return names


def _block(level: int) -> str:
    return f"synthesis.b{resolution_of(level)}"


def _ada_shape(name: str, ours: torch.Size) -> TensorShape:
    """The shape in the file of a tensor that has this one here."""
    if name == "synthesis.start":
        return tuple(ours[1:])
    return tuple(ours[2:]) if name.endswith(".noise") else tuple(ours)
