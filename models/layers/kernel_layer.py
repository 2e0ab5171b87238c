"""Layers that compute the kernel they multiply by from their weights, and a cache of these kernels.

Owns the cache over several forward passes of one step: gradients accumulate on the cached kernel
and are propagated to the weights once. Knows no layer.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

Kernels = dict[bool, Tensor]  # key: whether the kernel has a gradient


class KernelLayer(nn.Module):
    """A layer that computes the kernel it multiplies by from its weights."""

    weight: nn.Parameter
    kernel_cache: Kernels | None = None  # see `kernels_cached`

    @abstractmethod
    def kernel(self) -> Tensor:
        """The kernel."""


@contextmanager
def kernels_cached(network: nn.Module) -> Generator[None]:
    """Compute each kernel of `network` once within the context; its weights must not change."""
    layers = [layer for layer in network.modules() if isinstance(layer, KernelLayer)]
    for layer in layers:
        layer.kernel_cache = {}
    try:
        yield
    finally:
        for layer in layers:
            layer.kernel_cache = None


def cached_kernel(layer: KernelLayer) -> Tensor:
    """The kernel of a layer, computed now or taken from the cache.

    A kernel without a gradient is never used in a forward pass that needs gradients.
    """
    if layer.kernel_cache is None:
        return layer.kernel()
    differentiable = torch.is_grad_enabled() and layer.weight.requires_grad
    if differentiable not in layer.kernel_cache:
        layer.kernel_cache[differentiable] = layer.kernel()
    return layer.kernel_cache[differentiable]
