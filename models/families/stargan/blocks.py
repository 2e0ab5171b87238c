"""The layers of a StarGAN.

Owns the planes that tell the generator the domain of the result, instance normalisation with
learned scales, and the residual block. All edges are padded with zeros: a plane is constant, and
without the edges instance normalisation would remove it.
Source: Choi et al. 2018, section 3.1 and appendix 7.2.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.families.stargan.config import StarganConfig
from models.layers.progan import at_least_fp32

STARGAN_EPSILON = 1e-5  # added to the variance


class PictureAndPlanes(nn.Module):
    """Entry vector `[N, C H W + domains]` -> `[N, C + domains, H, W]`.

    The picture, then one constant plane for each domain: 1 for that of the result, 0 for others.
    """

    ones: Tensor

    def __init__(self, config: StarganConfig) -> None:
        super().__init__()
        height, width = config.size_at(config.resolution)
        self.shape, self.domains = (config.channels, height, width), config.classes
        self.register_buffer("ones", torch.ones(1, 1, height, width), persistent=False)

    def forward(self, entry: Tensor) -> Tensor:
        """Restore the shape of the picture, and spread the numbers of the domains."""
        channels, height, width = self.shape
        numbers = channels * height * width
        picture = torch.narrow(entry, 1, 0, numbers).reshape(-1, channels, height, width)
        domains = torch.narrow(entry, 1, numbers, self.domains).reshape(-1, self.domains, 1, 1)
        return torch.cat([picture, domains * self.ones], 1)


class ScaledInstanceNorm(nn.Module):
    """Each feature map of each picture gets a mean and a deviation that are learned.

    Statistics are always those of the picture itself, so that no result depends on a batch.
    """

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(maps))
        self.bias = nn.Parameter(torch.zeros(maps))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise features `[N, maps, h, w]`, in fp32 also under autocast."""
        x = at_least_fp32(x)
        return F.instance_norm(x, weight=self.weight, bias=self.bias, eps=STARGAN_EPSILON)


def normalised_convolution(
    in_maps: int, out_maps: int, kernel: int, stride: int
) -> list[nn.Module]:
    """A convolution without bias that keeps the size or halves it, normalisation and ReLU."""
    padding = (kernel - stride + 1) // 2
    convolution = nn.Conv2d(in_maps, out_maps, kernel, stride, padding, bias=False)
    return [convolution, ScaledInstanceNorm(out_maps), nn.ReLU()]


class StarganBlock(nn.Module):
    """Features `[N, maps, h, w]` plus what two convolutions make of them."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *normalised_convolution(maps, maps, 3, 1),
            nn.Conv2d(maps, maps, 3, 1, 1, bias=False),
            ScaledInstanceNorm(maps),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add the change to the features."""
        return cast("Tensor", x + self.layers(x))
