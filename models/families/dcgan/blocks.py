"""The layers of a DCGAN, from entry vector to features to image, and from image to features.

Owns convolution, batch normalisation (Ioffe and Szegedy 2015) and activation as one block, and the
folding of the statistics into the convolution. Knows no level.
Source: Radford et al. 2016, section 3.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.layers.folding import plain_linear, plain_transposed, scale_and_shift
from models.layers.progan import LEAKY_SLOPE
from models.resolution import Size

KERNEL_SIZE, STRIDE, PADDING = 4, 2, 1


class Reshape(nn.Module):
    """`[N, ...]` -> `[N, *shape]`."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        """Change the shape."""
        return x.reshape(-1, *self.shape)


class FirstBlock(nn.Module):
    """Entry vector `[N, size]` -> features `[N, maps, h, w]` of the base."""

    def __init__(self, size: int, maps: int, base: Size) -> None:
        super().__init__()
        self.entry = Reshape(size, 1, 1)
        self.conv = nn.ConvTranspose2d(size, maps, base, bias=False)
        self.norm = nn.BatchNorm2d(maps)

    def forward(self, entry: Tensor) -> Tensor:
        """Features after batch normalisation and ReLU."""
        return F.relu(self.norm(self.conv(self.entry(entry))))

    def folded(self) -> nn.Module:
        """A dense layer: a transposed convolution of a single pixel is one."""
        scale, shift = scale_and_shift(self.norm)
        kernel = self.conv.weight * scale[:, None, None]  # [size, maps, h, w]
        pixels = kernel[0, 0].numel()
        dense = plain_linear(kernel.flatten(1).T, shift.repeat_interleave(pixels))
        return nn.Sequential(dense, Reshape(*kernel.shape[1:]), nn.ReLU())


class UpBlock(nn.Module):
    """Features `[N, in_maps, h, w]` -> `[N, out_maps, 2h, 2w]`."""

    def __init__(self, in_maps: int, out_maps: int) -> None:
        super().__init__()
        sizes = (KERNEL_SIZE, STRIDE, PADDING)
        self.conv = nn.ConvTranspose2d(in_maps, out_maps, *sizes, bias=False)
        self.norm = nn.BatchNorm2d(out_maps)

    def forward(self, x: Tensor) -> Tensor:
        """Features after batch normalisation and ReLU."""
        return F.relu(self.norm(self.conv(x)))

    def folded(self) -> nn.Module:
        """A transposed convolution with bias, and ReLU."""
        scale, shift = scale_and_shift(self.norm)
        kernel = self.conv.weight * scale[:, None, None]  # [in_maps, out_maps, 4, 4]
        return nn.Sequential(plain_transposed(kernel, shift, PADDING, STRIDE), nn.ReLU())


class ImageBlock(nn.Module):
    """Features `[N, maps, h, w]` -> images `[N, channels, 2h, 2w]` in [-1, 1]."""

    def __init__(self, maps: int, channels: int) -> None:
        super().__init__()
        sizes = (KERNEL_SIZE, STRIDE, PADDING)
        self.conv = nn.ConvTranspose2d(maps, channels, *sizes, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Images, by the hyperbolic tangent."""
        return torch.tanh(self.conv(x))


class DownBlock(nn.Module):
    """Images or features `[N, in_maps, 2h, 2w]` -> features `[N, out_maps, h, w]`.

    Args:
        in_maps: of the input.
        out_maps: of the result.
        normalised: True for batch normalisation, by the statistics of each batch: a discriminator
            needs no other.
        bias: True for a bias.
    """

    def __init__(self, in_maps: int, out_maps: int, *, normalised: bool, bias: bool) -> None:
        super().__init__()
        sizes = (KERNEL_SIZE, STRIDE, PADDING)
        self.conv = nn.Conv2d(in_maps, out_maps, *sizes, bias=bias)
        batch_norm = nn.BatchNorm2d(out_maps, track_running_stats=False)
        self.norm = batch_norm if normalised else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Features after the normalisation and leaky ReLU."""
        return F.leaky_relu(self.norm(self.conv(x)), LEAKY_SLOPE)
