"""The interface of a compiled network, and the plain PyTorch backend that runs everywhere.

Owns `CompiledNetwork`, the callables on tensors that each backend provides: stem, levels and exits;
the folding of equalized scales into the weights, which every backend does first; and the eager
backend. Knows layers, not the class of a generator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.layers import (
    EqualizedConv2d,
    EqualizedLinear,
    UpConv2d,
    pad_circular,
    upsampling_kernel,
)

Step = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class CompiledNetwork:
    """A network that is ready to run, as a sequence of steps.

    Splitting the computation into steps costs time where features are large, so there may be fewer
    levels here than in the network. The first `T = len(levels)` levels are shared by all pictures
    that reach them; an exit above level T computes the levels between T and its own, too.

    Attributes:
        stem: latents `[N, L]`, for models with classes `[N, 2L]`, -> features of level 0.
        levels: features of level k -> features of level k + 1, for k below T.
        exits: one for each level of the network. Exit k: features of level min(k, T) -> images
            `[N, C, h, w]` of level k, approximately in [-1, 1].
        precision: the number format of the computation, `fp32` or `bf16`.
        engine: name of the backend; for OpenVINO with its version.
        torch_threads: number of threads that torch may use. If another library computes, it is 1:
            torch's threads spin for a while after each operation, on cores that others need.
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
    """Prepare modules for plain PyTorch in fp32 on `threads` threads.

    Takes ownership of the modules and modifies them.
    """
    for part in (stem, levels, exits):
        fold(part)
        part.to(device)
    steps = (_channels_last(stem), tuple(levels), tuple(exits))
    return CompiledNetwork(*steps, device, "fp32", torch_threads=threads)


def _channels_last(stem: nn.Module) -> Step:
    """Return a stem whose features are channels_last, a memory format that all levels keep."""

    def run(z: Tensor) -> Tensor:
        return stem(z).contiguous(memory_format=torch.channels_last)

    return run


# ----------------------------------------------------------------------------------------
# Folding: a layer with a run-time scale becomes a plain layer with the scale in its weights.


def fold(module: nn.Module) -> None:
    """Replace every equalized layer below `module`, in place."""
    for name, child in module.named_children():
        if (folded := _folded(child)) is not None:
            setattr(module, name, folded)
        else:
            fold(child)


def _folded(layer: nn.Module) -> nn.Module | None:
    """Return the plain layer that computes the same; None if there is nothing to fold."""
    if type(layer) is EqualizedLinear:
        out_size, in_size = layer.weight.shape
        plain = nn.Linear(in_size, out_size, device="meta")
        return _filled(plain, layer.weight * layer.scale, layer.bias)
    if type(layer) is UpConv2d:
        kernel = upsampling_kernel(layer.weight * layer.scale)  # [in_maps, out_maps, 4, 4]
        padding = 3 if layer.circular else 1
        plain = nn.ConvTranspose2d(
            *kernel.shape[:2], kernel_size=4, stride=2, padding=padding, device="meta"
        )
        return _padded(layer, 1, _filled(plain, kernel, layer.bias))
    if type(layer) is EqualizedConv2d:
        out_maps, in_maps, width = layer.weight.shape[:3]
        padding = 0 if layer.circular else layer.padding
        plain = nn.Conv2d(in_maps, out_maps, width, padding=padding, device="meta")
        return _padded(layer, layer.padding, _filled(plain, layer.weight * layer.scale, layer.bias))
    return None


def _padded(layer: EqualizedConv2d, pixels: int, plain: nn.Module) -> nn.Module:
    """Precede a plain layer by the circular padding of the layer that it replaces, if any."""
    return nn.Sequential(CircularPadding(pixels), plain) if layer.circular and pixels else plain


class CircularPadding(nn.Module):
    """Circular padding of every side of `[N, C, H, W]`."""

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.pixels = pixels

    def forward(self, x: Tensor) -> Tensor:
        """Pad features `[N, C, h, w]`."""
        return pad_circular(x, self.pixels)


def _filled(plain: nn.Module, weight: Tensor, bias: Tensor) -> nn.Module:
    order = torch.channels_last if weight.dim() == 4 else torch.contiguous_format
    values = {"weight": weight.detach().contiguous(memory_format=order), "bias": bias.detach()}
    plain.load_state_dict(values, strict=True, assign=True)
    return plain.eval().requires_grad_(False)
