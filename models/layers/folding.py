"""Folding: a layer with run-time scales or statistics becomes a plain one that computes the same.

Owns the walk over a network, and the plain layers. Each layer that can be folded says itself how,
in its method `folded`. Knows no kind of layer and no family.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from models.layers.resampling import pad_circular


@runtime_checkable
class Foldable(Protocol):
    """A layer that a plain one can replace when its weights no longer change."""

    def folded(self) -> nn.Module:
        """Return the plain layer; for layers with running statistics, in evaluation mode."""
        ...


def fold(module: nn.Module) -> None:
    """Replace every foldable layer below `module`, in place."""
    for name, child in module.named_children():
        if isinstance(child, Foldable):
            setattr(module, name, child.folded())
        else:
            fold(child)


class CircularPadding(nn.Module):
    """Circular padding of every side of `[N, C, H, W]`."""

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.pixels = pixels

    def forward(self, x: Tensor) -> Tensor:
        """Pad features `[N, C, h, w]`."""
        return pad_circular(x, self.pixels)


def scale_and_shift(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Factor and summand `[C]` of a batch normalisation by its running statistics.

    Raises:
        ValueError: it has no running statistics or no weights.
    """
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None or not norm.affine:
        raise ValueError("a batch normalisation without running statistics cannot be folded")
    scale = norm.weight * torch.rsqrt(variance + norm.eps)
    return scale, norm.bias - mean * scale


def plain_linear(weight: Tensor, bias: Tensor) -> nn.Module:
    """Linear layer with `weight` `[out, in]`."""
    out_size, in_size = weight.shape
    return _filled(nn.Linear(in_size, out_size, device="meta"), weight, bias)


def plain_convolution(
    weight: Tensor, bias: Tensor, padding: int, stride: int = 1, circular: int = 0
) -> nn.Module:
    """Convolution with `weight` `[out, in, k, k]`.

    Args:
        weight: the kernel.
        bias: `[out]`.
        padding: zeros on each side.
        stride: of the convolution.
        circular: pixels of circular padding before it.
    """
    out_maps, in_maps, height, width = weight.shape
    plain = nn.Conv2d(in_maps, out_maps, (height, width), stride, padding, device="meta")
    return _padded(_filled(plain, weight, bias), circular)


def plain_transposed(
    weight: Tensor, bias: Tensor, padding: int, stride: int = 2, circular: int = 0
) -> nn.Module:
    """Transposed convolution with `weight` `[in, out, k, k]`; arguments as above."""
    in_maps, out_maps, height, width = weight.shape
    plain = nn.ConvTranspose2d(in_maps, out_maps, (height, width), stride, padding, device="meta")
    return _padded(_filled(plain, weight, bias), circular)


def _padded(plain: nn.Module, circular: int) -> nn.Module:
    return nn.Sequential(CircularPadding(circular), plain) if circular else plain


def _filled(plain: nn.Module, weight: Tensor, bias: Tensor) -> nn.Module:
    order = torch.channels_last if weight.dim() == 4 else torch.contiguous_format
    values = {"weight": weight.detach().contiguous(memory_format=order), "bias": bias.detach()}
    plain.load_state_dict(values, strict=True, assign=True)
    return plain.eval().requires_grad_(False)
