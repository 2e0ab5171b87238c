"""The interface of a compiled network, and the plain PyTorch backend that runs everywhere.

Owns `CompiledNetwork`, three kinds of callables on tensors which each backend provides; the folding
of equalized scales into the weights, with which every backend begins; and the eager backend. Knows
layers, never a generator's class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.layers import EqualizedConv2d, EqualizedLinear, UpConv2d, upsampling_kernel

Step = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class CompiledNetwork:
    """A network ready to run.

    A cut between two steps costs time where features are large, so it may have fewer levels
    than the network: `T = len(levels)` of them are shared by all pictures that go that far, and
    the exits above lead from the features of level T to their own level in one step.

    Attributes:
        stem: latents `[N, L]`, of models with classes `[N, 2L]`, -> features of level 0.
        levels: features of level k -> features of level k + 1, for k below T.
        exits: one for each level of the network. Exit k: features of level min(k, T) -> images
            `[N, C, h, w]` of level k, about [-1, 1].
        precision: the number format it computes in, `fp32` or `bf16`.
        engine: what computes it, with its version.
        torch_threads: that torch may use for what is left to it. Where another library computes,
            one: torch's threads spin for a while after each operation, on cores that others need.
    """

    stem: Step
    levels: tuple[Step, ...]
    exits: tuple[Step, ...]
    device: torch.device
    precision: str
    engine: str = "eager"
    torch_threads: int = 1


def eager_network(
    stem: nn.Module,
    levels: nn.ModuleList,
    exits: nn.ModuleList,
    device: torch.device,
    threads: int = 1,
) -> CompiledNetwork:
    """Plain PyTorch in fp32 on so many threads; the modules are taken over and changed."""
    for part in (stem, levels, exits):
        fold(part)
        part.to(device)
    steps = (_channels_last(stem), tuple(levels), tuple(exits))
    return CompiledNetwork(*steps, device, "fp32", torch_threads=threads)


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
        if (folded := _folded(child)) is not None:
            setattr(module, name, folded)
        else:
            fold(child)


def _folded(layer: nn.Module) -> nn.Module | None:
    """The plain layer that computes the same; None where there is nothing to fold."""
    if type(layer) is EqualizedLinear:
        out_size, in_size = layer.weight.shape
        plain = nn.Linear(in_size, out_size, device="meta")
        return _filled(plain, layer.weight * layer.scale, layer.bias)
    if type(layer) is UpConv2d:
        kernel = upsampling_kernel(layer.weight * layer.scale)  # [in_maps, out_maps, 4, 4]
        plain = nn.ConvTranspose2d(
            *kernel.shape[:2], kernel_size=4, stride=2, padding=1, device="meta"
        )
        return _filled(plain, kernel, layer.bias)
    if type(layer) is EqualizedConv2d:
        out_maps, in_maps, width = layer.weight.shape[:3]
        plain = nn.Conv2d(in_maps, out_maps, width, padding=layer.padding, device="meta")
        return _filled(plain, layer.weight * layer.scale, layer.bias)
    return None


def _filled(plain: nn.Module, weight: Tensor, bias: Tensor) -> nn.Module:
    order = torch.channels_last if weight.dim() == 4 else torch.contiguous_format
    values = {"weight": weight.detach().contiguous(memory_format=order), "bias": bias.detach()}
    plain.load_state_dict(values, strict=True, assign=True)
    return plain.eval().requires_grad_(False)
