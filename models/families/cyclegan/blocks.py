"""The layers of a CycleGAN.

Owns convolution, instance normalisation (Ulyanov et al. 2016) and activation as one block, the
residual block, and the first step from an entry vector to a picture. Knows no domain.
Source: Zhu et al. 2017, appendix 7.2.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.layers.progan import at_least_fp32

INSTANCE_EPSILON = 1e-5  # added to the variance


class PictureOfEntry(nn.Module):
    """Entry vector `[N, C H W + domains]` -> source picture `[N, C, H, W]`."""

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.shape = (channels, height, width)

    def forward(self, entry: Tensor) -> Tensor:
        """Leave out the numbers of the domains, and restore the shape."""
        channels, height, width = self.shape
        picture = torch.narrow(entry, 1, 0, channels * height * width)
        return picture.reshape(-1, channels, height, width)


class InstanceNorm(nn.Module):
    """Each feature map of each picture gets mean 0 and variance 1, without learned scales.

    Statistics are always those of the picture itself, so that no result depends on a batch.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise features `[N, C, h, w]`, in fp32 also under autocast."""
        return F.instance_norm(at_least_fp32(x), eps=INSTANCE_EPSILON)


class ReflectionPadding(nn.Module):
    """Reflection of `pixels` pixels at every side of `[N, C, h, w]`."""

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.pixels = pixels

    def forward(self, x: Tensor) -> Tensor:
        """Pad features."""
        return F.pad(x, (self.pixels,) * 4, mode="reflect")


def reflected_convolution(in_maps: int, out_maps: int, kernel: int) -> list[nn.Module]:
    """A convolution that keeps the size, with reflected edges."""
    return [ReflectionPadding(kernel // 2), nn.Conv2d(in_maps, out_maps, kernel)]


class TranslatorBlock(nn.Module):
    """Features `[N, maps, h, w]` plus what two convolutions make of them."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *reflected_convolution(maps, maps, 3),
            InstanceNorm(),
            nn.ReLU(),
            *reflected_convolution(maps, maps, 3),
            InstanceNorm(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add the change to the features."""
        return cast("Tensor", x + self.layers(x))
