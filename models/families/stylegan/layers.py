"""The layers that generator and discriminator of a StyleGAN2 share.

Owns the low-pass filter, the activation with its gain, and dense layers with a learning rate of
their own. Knows no level.
Source: Karras et al. 2020 (StyleGAN2), section 4 and appendix B; the filter is that of Karras et
al. 2019 (StyleGAN), section 2.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.layers.folding import plain_linear
from models.layers.kernel_layer import cached_kernel
from models.layers.progan import HE_GAIN, LEAKY_SLOPE, EqualizedLinear, pixel_norm

MAPPING_RATE = 0.01  # learning rate of the mapping network, relative to all others


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU, times the square root of 2, so that the mean square stays."""
    return F.leaky_relu(x, LEAKY_SLOPE) * HE_GAIN


def low_pass_kernel(gain: float = 1.0) -> Tensor:
    """The filter [1, 3, 3, 1] in both directions, with the sum `gain`: `[1, 1, 4, 4]`.

    It is computed without torch, whose arithmetic on the meta device loads its compiler.
    """
    line = (0.125, 0.375, 0.375, 0.125)
    return torch.tensor([[[[gain * row * column for column in line] for row in line]]])


class LowPass(nn.Module):
    """Low-pass filter of each feature map: `[N, maps, H, W]` -> `[N, maps, H', W']`.

    Args:
        maps: number of feature maps.
        padding: zeros on each side; the size then changes by 2 padding - 3.
        stride: 2 to keep every second pixel.
        gain: sum of the filter.
    """

    taps: Tensor

    def __init__(self, maps: int, padding: int, stride: int = 1, gain: float = 1.0) -> None:
        super().__init__()
        self.maps, self.padding, self.stride = maps, padding, stride
        self.register_buffer("taps", low_pass_kernel(gain), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Filter each map alone."""
        kernel = self.taps.expand(self.maps, 1, 4, 4)
        return F.conv2d(x, kernel, None, self.stride, self.padding, groups=self.maps)


class SlowLinear(EqualizedLinear):
    """A dense layer of the mapping network, `[N, in_size]` -> `[N, out_size]`, with activation.

    Its parameters are stored divided by `MAPPING_RATE`, so Adam changes the weights that much more
    slowly (Karras et al. 2019, appendix C); `draw_stylegan_weights` divides them.
    """

    def __init__(self, in_size: int, out_size: int) -> None:
        super().__init__(in_size, out_size, gain=MAPPING_RATE)

    def forward(self, x: Tensor) -> Tensor:
        return activate(F.linear(x, cached_kernel(self), self.bias * MAPPING_RATE))

    def folded(self) -> nn.Module:
        """The plain layer with both scales in its parameters; the activation is left out."""
        return plain_linear(self.kernel(), self.bias * MAPPING_RATE)


class ClassEmbedding(nn.Module):
    """Classes, int64 `[N]` -> vectors `[N, size]` of unit mean square, learned for each class."""

    def __init__(self, classes: int, size: int) -> None:
        super().__init__()
        self.classes = classes
        self.dense = EqualizedLinear(classes, size, gain=1.0)

    def forward(self, labels: Tensor) -> Tensor:
        """Look up the vectors."""
        shares = F.one_hot(labels, self.classes).to(self.dense.weight.dtype)
        return pixel_norm(self.dense(shares))
