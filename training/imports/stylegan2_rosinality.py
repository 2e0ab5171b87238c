"""StyleGAN2 in the layout of rosinality/stylegan2-pytorch, which many tools write.

Owns the names and shapes of these files, and their arithmetic: a convolution of theirs scales its
weights at run time, also before demodulation, where ours does not. `g_ema` is the averaged
generator.
Source: Karras et al. 2020 (StyleGAN2), sections 2.2 and 4.1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.generator import StyleganGenerator
from training.imports.layout import TensorShape, listed_names, require_shapes
from training.imports.reading import SourceFile
from training.imports.refusal import ImportRefusedError
from training.imports.stylegan2_assembly import (
    assemble_stylegan,
    fitting_stylegan,
    require_filters,
)

ROSINALITY_NETWORKS = ("g_ema", "g")
ROSINALITY = "rosinality/stylegan2-pytorch"
KERNEL_GAIN = 4.0  # of the low-pass filters in the file, which follow zeros between the pixels


def rosinality_stylegan(source: SourceFile) -> StyleganGenerator:
    """Build the generator of a file.

    Without noise maps in the file, pictures are drawn without noise.

    Raises:
        ImportRefusedError: the file is not of this layout, or its network is none of ours.
    """
    tensors = {name: _plain_bias(name, each) for name, each in source.tensors.items()}
    config = rosinality_config(tensors)
    names = rosinality_names(config)
    with torch.device("meta"):
        ours = StyleganGenerator(config).state_dict()
    wanted = {theirs: _their_shape(theirs, ours[name].shape) for name, theirs in names.items()}
    kernels = {name: each for name, each in tensors.items() if name.endswith(".kernel")}
    noise = {name: shape for name, shape in wanted.items() if name.startswith("noises.")}
    if not any(name in tensors for name in noise):  # of files before they were kept
        wanted = {name: shape for name, shape in wanted.items() if name not in noise}
    there = {name: each for name, each in tensors.items() if name not in kernels}
    require_shapes(ROSINALITY, wanted, there)
    require_filters(kernels, KERNEL_GAIN)
    found = {name: theirs for name, theirs in names.items() if theirs in wanted}
    return assemble_stylegan(config, {n: effective(t, there[t]) for n, t in found.items()})


def rosinality_config(tensors: Mapping[str, Tensor]) -> StyleganConfig:
    """The configuration of the network, by the shapes of its layers to images.

    Raises:
        ImportRefusedError: they are none of a generator, or its feature maps follow no rule.
    """
    images = [_image_layer(0)]
    while f"{_image_layer(len(images))}.conv.weight" in tensors:
        images.append(_image_layer(len(images)))
    weights = [tensors.get(f"{name}.conv.weight", torch.empty(0)) for name in images]
    first, mapping = tensors.get("style.1.weight", torch.empty(0)), 0
    while f"style.{mapping + 1}.weight" in tensors:
        mapping += 1
    is_usual = first.dim() == 2 and len(images) > 1
    if not is_usual or any(weight.dim() != 5 for weight in weights):
        raise ImportRefusedError(
            f"this is not a generator of {ROSINALITY} of 8 px or more: it has "
            f"{listed_names([*tensors])}"
        )
    channels, maps = weights[0].shape[1], [weight.shape[2] for weight in weights]
    return fitting_stylegan(channels, maps, first.shape[1], first.shape[0], mapping)


def rosinality_names(config: StyleganConfig) -> dict[str, str]:
    """The name in the file of each of our weights and noise maps, except the centre."""
    names = {"synthesis.start": "input.input"}
    for place in range(config.mapping_layers):
        for kind in ("weight", "bias"):
            names[f"mapping.layers.{place}.{kind}"] = f"style.{place + 1}.{kind}"
    for place in range(config.style_layers - 1):
        ours, theirs = f"synthesis.layers.{place}", f"convs.{place - 1}" if place else "conv1"
        names |= _modulated(ours, theirs)
        names |= {f"{ours}.bias": f"{theirs}.activate.bias"}
        names |= {f"{ours}.strength": f"{theirs}.noise.weight"}
        names |= {f"{ours}.noise": f"noises.noise_{place}"}
    for level in range(config.top_level + 1):
        ours, theirs = f"synthesis.images.{level}", _image_layer(level)
        names |= _modulated(ours, theirs) | {f"{ours}.bias": f"{theirs}.bias"}
    return names


def effective(name: str, tensor: Tensor) -> Tensor:
    """A tensor of the file as ours has it, in float64."""
    weight = tensor.double()
    if name.endswith(".conv.weight") and weight.shape[-1] > 1:
        weight = weight / math.sqrt(weight[0, 0].numel())
    return weight


def _image_layer(level: int) -> str:
    return f"to_rgbs.{level - 1}" if level else "to_rgb1"


def _modulated(ours: str, theirs: str) -> dict[str, str]:
    names = {f"{ours}.weight": f"{theirs}.conv.weight"}
    for kind in ("weight", "bias"):
        names[f"{ours}.affine.{kind}"] = f"{theirs}.conv.modulation.{kind}"
    return names


def _their_shape(name: str, ours: torch.Size) -> TensorShape:
    """The shape in the file of a tensor that has this one here."""
    if name.endswith(".conv.weight"):
        return (1, *ours)
    if name.endswith(".noise.weight"):
        return (1,)
    if name.startswith("to_rgb") and name.count(".bias") and "modulation" not in name:
        return (1, *ours, 1, 1)
    return tuple(ours)


def _plain_bias(name: str, tensor: Tensor) -> Tensor:
    """The bias of an activation; the first releases kept it as `[1, maps, 1, 1]`."""
    is_bias = name.endswith(".activate.bias") and tensor.dim() == 4
    return tensor.flatten() if is_bias else tensor
