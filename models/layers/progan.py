"""The layers of a Progressive GAN, each with its section of the paper.

Owns arithmetic on feature maps `[N, C, H, W]`; knows nothing of levels or growth. Each layer with a
scale folds itself.
Section numbers are those of Karras et al. 2018, "Progressive Growing of GANs".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx

from models.layers.folding import plain_convolution, plain_linear, plain_transposed
from models.layers.kernel_layer import KernelLayer, cached_kernel
from models.layers.resampling import pad_circular, spread, upsampling_kernel

LEAKY_SLOPE = 0.2  # appendix A
HE_GAIN = math.sqrt(2.0)  # He et al. 2015, for layers followed by a leaky ReLU


# ----------------------------------------------------------------------------------------
# Equalized learning rate (section 4.1): weights start as N(0, 1) and are scaled at run time,
# so that Adam updates all of them at the same relative rate.


class EqualizedLinear(KernelLayer):
    """A linear layer with equalized learning rate, `[N, in_size]` -> `[N, out_size]`."""

    def __init__(self, in_size: int, out_size: int, gain: float = HE_GAIN) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_size, in_size))
        self.bias = nn.Parameter(torch.zeros(out_size))
        self.scale = gain / math.sqrt(in_size)

    def kernel(self) -> Tensor:
        """The scaled weights, `[out_size, in_size]`."""
        return self.weight * self.scale

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, cached_kernel(self), self.bias)

    def folded(self) -> nn.Module:
        """The plain layer with the scale in its weights."""
        return plain_linear(self.kernel(), self.bias)


class EqualizedConv2d(KernelLayer):
    """A convolution that keeps the size, `[N, in_maps, H, W]` -> `[N, out_maps, H, W]`."""

    circular = False  # padding: the opposite side instead of zeros; see `make_circular`

    def __init__(self, in_maps: int, out_maps: int, kernel: int, gain: float = HE_GAIN) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_maps, in_maps, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(out_maps))
        self.scale = gain / math.sqrt(in_maps * kernel * kernel)
        self.padding = kernel // 2

    def kernel(self) -> Tensor:
        """The scaled weights, `[out_maps, in_maps, k, k]`; subclasses return another shape."""
        return self.weight * self.scale

    def forward(self, x: Tensor) -> Tensor:
        if self.circular and self.padding:
            return F.conv2d(pad_circular(x, self.padding), cached_kernel(self), self.bias)
        return F.conv2d(x, cached_kernel(self), self.bias, padding=self.padding)

    def folded(self) -> nn.Module:
        """The plain layer with the scale in its weights; subclasses fold themselves."""
        padding, circular = (0, self.padding) if self.circular else (self.padding, 0)
        return plain_convolution(self.kernel(), self.bias, padding, circular=circular)


def make_circular(network: nn.Module) -> None:
    """Give each convolution of `network` circular padding, in place: its images tile the plane."""
    for layer in network.modules():
        if isinstance(layer, EqualizedConv2d):
            layer.circular = True


# ----------------------------------------------------------------------------------------
# Resampling fused with a convolution: nearest-neighbour x2 and then a 3x3 convolution equal one
# stride-2 transposed convolution, whose 4x4 kernel is the sum of four shifted copies of the 3x3
# kernel, at 4/9 of the multiplications. Downsampling is its transpose.


class UpConv2d(EqualizedConv2d):
    """Upsample x2 and convolve 3x3, `[N, in_maps, H, W]` -> `[N, out_maps, 2H, 2W]`."""

    def __init__(self, in_maps: int, out_maps: int) -> None:
        super().__init__(in_maps, out_maps, kernel=3)

    def kernel(self) -> Tensor:
        """`[in_maps, out_maps, 4, 4]`."""
        return upsampling_kernel(self.weight * self.scale)

    def forward(self, x: Tensor) -> Tensor:
        # a circular border of 1 becomes 2 after upsampling, which the padding cuts off
        x, padding = (pad_circular(x, 1), 3) if self.circular else (x, 1)
        return F.conv_transpose2d(x, cached_kernel(self), self.bias, stride=2, padding=padding)

    def folded(self) -> nn.Module:
        """The plain transposed convolution."""
        padding, circular = (3, 1) if self.circular else (1, 0)
        return plain_transposed(self.kernel(), self.bias, padding, circular=circular)


class DownConv2d(EqualizedConv2d):
    """Convolve 3x3 and downsample x2, `[N, in_maps, 2H, 2W]` -> `[N, out_maps, H, W]`."""

    def __init__(self, in_maps: int, out_maps: int) -> None:
        super().__init__(in_maps, out_maps, kernel=3)

    def kernel(self) -> Tensor:
        """`[out_maps, in_maps, 4, 4]`."""
        return spread(self.weight * (self.scale / 4))

    def forward(self, x: Tensor) -> Tensor:
        x, padding = (pad_circular(x, 1), 0) if self.circular else (x, 1)
        return F.conv2d(x, cached_kernel(self), self.bias, stride=2, padding=padding)

    def folded(self) -> nn.Module:
        """The plain convolution with stride 2."""
        padding, circular = (0, 1) if self.circular else (1, 0)
        return plain_convolution(self.kernel(), self.bias, padding, stride=2, circular=circular)


# ----------------------------------------------------------------------------------------
# Normalisation. Statistics are computed in at least fp32 for every type of features.


def new_embedding(count: int, size: int) -> nn.Embedding:
    """Create an embedding `[count, size]` of N(0, 1), as `nn.Embedding` does.

    On the meta device `nn.Embedding` itself makes torch load its compiler, which takes two seconds
    of processor time when a service starts.
    """
    return nn.Embedding.from_pretrained(torch.randn(count, size), freeze=False)


def at_least_fp32(x: Tensor) -> Tensor:
    """Promote half precision to fp32; fp32 and fp64 stay."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def in_fp32(layer: Callable[..., Tensor], x: Tensor, *others: Tensor | None) -> Tensor:
    """`layer(x, *others)` in fp32 even under autocast, whose rounding would affect the pixels."""
    if not torch.is_autocast_enabled(x.device.type):
        return layer(x, *others)
    with torch.autocast(x.device.type, enabled=False):
        return layer(at_least_fp32(x), *others)


def pixel_norm(x: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Scale the feature vector of every pixel to unit mean square (section 4.2).

    Takes `[N, C]` or `[N, C, H, W]`; shape and type stay. Differentiable once.
    """
    if torch.is_grad_enabled() and x.requires_grad:
        return cast("Tensor", _Normalised.apply(x, epsilon))
    return x * _scale_of(x, epsilon)


def _scale_of(x: Tensor, epsilon: float) -> Tensor:
    """One over the root of the mean square, `[N, 1]` or `[N, 1, H, W]`."""
    mean_square = at_least_fp32(x).square().mean(dim=1, keepdim=True)
    return torch.rsqrt(mean_square + epsilon).to(x.dtype)


class _Normalised(torch.autograd.Function):
    """PixelNorm with a closed-form gradient; autograd would read all features twice as often.

    With y = x * s the gradient g becomes s * (g - y * mean(g * y)), the mean over the channels.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, epsilon: float) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride] - as torch documents it
        scale = _scale_of(x, epsilon)
        normed = x * scale
        ctx.save_for_backward(normed, scale)
        return normed

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401  # pyright: ignore[reportIncompatibleMethodOverride] - as torch documents it
        if torch.is_grad_enabled():
            raise RuntimeError("PixelNorm can be differentiated once: leave create_graph out")
        normed, scale = ctx.saved_tensors
        along = (at_least_fp32(grad) * normed).mean(dim=1, keepdim=True).to(grad.dtype)
        return torch.addcmul(grad, normed, along, value=-1).mul_(scale), None


def group_of(images: int, group_size: int) -> int:
    """Images per group: `group_size` (0: all), or else the largest smaller divisor of `images`."""
    largest = min(group_size or images, images)
    return next(size for size in range(largest, 0, -1) if images % size == 0)


def minibatch_stddev(x: Tensor, group_size: int = 4, epsilon: float = 1e-8) -> Tensor:
    """Append one map: the mean standard deviation over the images of a group (section 3).

    `[N, C, H, W]` -> `[N, C + 1, H, W]`. A group has `group_of(N, group_size)` images. Image n is
    in group n modulo the number of groups.
    """
    n, c, h, w = x.shape
    group = group_of(n, group_size)
    y = at_least_fp32(x).reshape(group, n // group, c, h, w)  # [G, M, C, H, W]
    y = y - y.mean(dim=0, keepdim=True)
    y = (y.square().mean(dim=0) + epsilon).sqrt()  # [M, C, H, W] deviation over the group
    y = y.mean(dim=(1, 2, 3))  # [M] one value per group
    y = y.repeat(group).reshape(n, 1, 1, 1).expand(n, 1, h, w)
    return torch.cat([x, y.to(x.dtype)], dim=1)
