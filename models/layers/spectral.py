"""Layers with spectral normalisation: weights divided by their largest singular value.

Owns its estimate by power iteration: one step whenever a kernel is computed in training, from a
vector that is part of the layer's state. Knows no network.
Source: Miyato et al. 2018, "Spectral Normalization for GANs", section 2.1 and algorithm 1.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.layers.folding import plain_convolution, plain_linear, plain_transposed
from models.layers.kernel_layer import KernelLayer, cached_kernel
from models.layers.resampling import upsample, upsampling_kernel

SMALLEST_NORM = 1e-6  # as in the code of Brock et al. 2019
CONVERGED_STEPS = 50


class SpectralLayer(KernelLayer):
    """A layer with a weight `[out, ...]`, which is used divided by its largest singular value.

    Attributes:
        direction: estimate of the left singular vector `[out]`; a buffer.
    """

    direction: Tensor

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape))
        self.register_buffer("direction", torch.randn(shape[0]))

    def kernel(self) -> Tensor:
        """The divided weights; in training, the estimate moves by one step."""
        with torch.autocast(self.weight.device.type, enabled=False):
            if self.training:
                self._step()
            matrix = self.weight.flatten(1)
            with torch.no_grad():
                across = _unit(self.direction @ matrix)
                along = _unit(self.direction)
            return self.weight / torch.dot(along, matrix @ across)

    @torch.no_grad()
    def converge(self) -> None:
        """Estimate from the weights alone, by so many steps that it hardly changes any more."""
        self.direction.fill_(1.0)
        for _ in range(CONVERGED_STEPS):
            self._step()

    @torch.no_grad()
    def _step(self) -> None:
        matrix = self.weight.flatten(1)
        self.direction.copy_(_unit(matrix @ _unit(self.direction @ matrix)))


class SpectralLinear(SpectralLayer):
    """Linear layer with spectral normalisation, `[N, in_size]` -> `[N, out_size]`."""

    def __init__(self, in_size: int, out_size: int, *, bias: bool = True) -> None:
        super().__init__(out_size, in_size)
        self.bias = nn.Parameter(torch.zeros(out_size)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, cached_kernel(self), self.bias)

    def folded(self) -> nn.Module:
        """The plain layer."""
        return plain_linear(self.kernel(), bias_of(self))


class SpectralTable(SpectralLayer):
    """A vector for each class with spectral normalisation, int64 `[N]` -> `[N, size]`."""

    def __init__(self, classes: int, size: int) -> None:
        super().__init__(classes, size)

    def forward(self, labels: Tensor) -> Tensor:
        """Look up the vectors."""
        return F.embedding(labels, cached_kernel(self))


class SpectralConv2d(SpectralLayer):
    """Convolution that keeps the size, `[N, in_maps, H, W]` -> `[N, out_maps, H, W]`."""

    def __init__(self, in_maps: int, out_maps: int, kernel: int, *, bias: bool = True) -> None:
        super().__init__(out_maps, in_maps, kernel, kernel)
        self.bias = nn.Parameter(torch.zeros(out_maps)) if bias else None
        self.padding = kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, cached_kernel(self), self.bias, padding=self.padding)

    def folded(self) -> nn.Module:
        """The plain convolution; subclasses fold themselves."""
        return plain_convolution(self.kernel(), bias_of(self), self.padding)


class SpectralUpConv2d(SpectralConv2d):
    """Nearest-neighbour upsampling and a 3x3 convolution in one, `[N, C, H, W]` -> 2H x 2W."""

    def __init__(self, in_maps: int, out_maps: int) -> None:
        super().__init__(in_maps, out_maps, 3)

    def kernel(self) -> Tensor:
        """The kernel of the transposed convolution, `[in_maps, out_maps, 4, 4]`."""
        return upsampling_kernel(super().kernel())

    def forward(self, x: Tensor) -> Tensor:
        return F.conv_transpose2d(x, cached_kernel(self), self.bias, stride=2, padding=1)

    def folded(self) -> nn.Module:
        """The plain transposed convolution."""
        return plain_transposed(self.kernel(), bias_of(self), padding=1)


class SpectralUpShortcut(SpectralConv2d):
    """A 1x1 convolution and nearest-neighbour upsampling, `[N, C, H, W]` -> 2H x 2W."""

    def __init__(self, in_maps: int, out_maps: int) -> None:
        super().__init__(in_maps, out_maps, 1)

    def forward(self, x: Tensor) -> Tensor:
        return upsample(super().forward(x))

    def folded(self) -> nn.Module:
        """A transposed convolution that writes each result to four pixels."""
        kernel = self.kernel().transpose(0, 1).expand(-1, -1, 2, 2)
        return plain_transposed(kernel, bias_of(self), padding=0)


def bias_of(layer: SpectralLinear | SpectralConv2d) -> Tensor:
    """Bias `[out]` of a layer; zeros if it has none."""
    return layer.weight.new_zeros(len(layer.weight)) if layer.bias is None else layer.bias


def _unit(vector: Tensor) -> Tensor:
    return F.normalize(vector, dim=0, eps=SMALLEST_NORM)
