"""The form of a network: stem, levels and exits as prepared for one device.

Owns what is done once at load: equalized scales folded into the weights, up-sampling kernels
built, memory laid out. A form is three kinds of callables on tensors, so that a faster one can
take its place without the rest of the engine noticing. Knows layers, never a generator's class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from models.bundle import LevelledGenerator
from models.layers import EqualizedConv2d, EqualizedLinear, UpConv2d, upsampling_kernel
from torch import Tensor, nn

Step = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Form:
    """A network ready to run.

    Attributes:
        stem: latents `[N, L]` -> features of level 0.
        levels: features of level k -> features of level k + 1.
        exits: features of level k -> images `[N, C, R, R]`, about [-1, 1].
        precision: the number format it computes in.
    """

    stem: Step
    levels: tuple[Step, ...]
    exits: tuple[Step, ...]
    device: torch.device
    precision: str


def eager_form(generator: LevelledGenerator, device: torch.device) -> Form:
    """Plain PyTorch in fp32; `generator` is taken over and changed."""
    parts = nn.ModuleDict(
        {"stem": generator.stem, "levels": generator.levels, "exits": generator.exits}
    )
    fold(parts)
    parts.to(device=device, memory_format=torch.channels_last)
    levels, exits = tuple(generator.levels), tuple(generator.exits)
    return Form(_channels_last(generator.stem), levels, exits, device, "fp32")


def _channels_last(stem: nn.Module) -> Step:
    """Features leave the stem in the memory order that all levels then keep."""

    def run(z: Tensor) -> Tensor:
        return stem(z).contiguous(memory_format=torch.channels_last)

    return run


# ----------------------------------------------------------------------------------------
# Folding: a layer with a run-time scale becomes the plain layer with the scale in its weights.


def fold(module: nn.Module) -> None:
    """Replace every equalized layer below `module`, in place."""
    for name, child in module.named_children():
        if folded := _folded(child):
            setattr(module, name, folded)
        else:
            fold(child)


def _folded(layer: nn.Module) -> nn.Module | None:
    if type(layer) is EqualizedLinear:
        out_size, in_size = layer.weight.shape
        plain = nn.utils.skip_init(nn.Linear, in_size, out_size)
        return _fill(plain, layer.weight * layer.scale, layer.bias)
    if type(layer) is UpConv2d:
        out_maps, in_maps = layer.weight.shape[:2]
        plain = nn.utils.skip_init(
            nn.ConvTranspose2d, in_maps, out_maps, kernel_size=4, stride=2, padding=1
        )
        return _fill(plain, upsampling_kernel(layer.weight * layer.scale), layer.bias)
    if type(layer) is EqualizedConv2d:
        out_maps, in_maps, kernel = layer.weight.shape[:3]
        plain = nn.utils.skip_init(
            nn.Conv2d, in_maps, out_maps, kernel_size=kernel, padding=layer.padding
        )
        return _fill(plain, layer.weight * layer.scale, layer.bias)
    return None


def _fill(plain: nn.Module, weight: Tensor, bias: Tensor) -> nn.Module:
    plain.load_state_dict({"weight": weight, "bias": bias}, strict=True)
    return plain.eval().requires_grad_(False)
