"""The distance between pictures that a projection makes small: of pixels, and of features.

Owns both terms. Features are those of EfficientNet-Lite0 at four depths, of unit length at each
pixel, as in LPIPS (Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a
Perceptual Metric", section 3), but without its learned weights. Knows no generator.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from training.quality.features import SMALL_INPUT
from training.quality.networks.efficientnet import EfficientNetLite0

FEATURE_BLOCKS: Final = (2, 4, 10, 15)  # the last ones at 1/4, 1/8, 1/16 and 1/32 of the input


class Distance(NamedTuple):
    """Distances `[N]` of pictures from the target.

    Attributes:
        pixels: mean squared difference, in units of [-1, 1].
        features: mean over depths and pixels of the squared difference of unit vectors, 0 to 4; 0
            without a network.
    """

    pixels: Tensor
    features: Tensor

    @property
    def total(self) -> Tensor:
        """Sum of both."""
        return self.pixels + self.features


class PictureDistance:
    """Distances from one target.

    Args:
        target: image `[1, C, H, W]` in [-1, 1].
        network: in evaluation mode, without gradients of its weights; None for pixels alone.
    """

    def __init__(self, target: Tensor, network: EfficientNetLite0 | None = None) -> None:
        self._target = target
        self._network = network
        self._features = [] if network is None else unit_features(network, target)

    def __call__(self, images: Tensor) -> Distance:
        """Distances of images `[N, C, H, W]`, about [-1, 1]; differentiable."""
        pixels = (images - self._target).square().mean(dim=(1, 2, 3))
        if self._network is None:
            return Distance(pixels, torch.zeros_like(pixels))
        pairs = zip(unit_features(self._network, images), self._features, strict=True)
        each = [(ours - theirs).square().sum(dim=1).mean(dim=(1, 2)) for ours, theirs in pairs]
        return Distance(pixels, torch.stack(each).mean(dim=0))


def unit_features(network: EfficientNetLite0, images: Tensor) -> list[Tensor]:
    """Features `[N, maps, h, w]` at each depth, of unit length at each pixel."""
    x = network.stem(_network_input(images))
    found: list[Tensor] = []
    for number, block in enumerate(network.blocks):
        x = block(x)
        if number in FEATURE_BLOCKS:
            found.append(F.normalize(x, dim=1))
    return found


def _network_input(images: Tensor) -> Tensor:
    """Images `[N, C, H, W]` in [-1, 1] -> `[N, 3, h, w]`, the shorter side 128, (x - 127) / 128.

    The numbers are those of `to_efficientnet_input`, which takes pixels and has no gradient.
    """
    values = (images + 1.0) * 127.5
    if values.shape[1] == 4:
        alpha = values[:, 3:] / 255.0
        values = values[:, :3] * alpha + 255.0 * (1.0 - alpha)
    shorter = min(values.shape[2:])
    size = [round(side * SMALL_INPUT / shorter) for side in values.shape[2:]]
    values = F.interpolate(values, size, mode="bilinear", antialias=True)
    return (values.expand(-1, 3, -1, -1) - 127.0) / 128.0
