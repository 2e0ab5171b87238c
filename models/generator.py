"""The generator: a stem, levels and exits.

Owns the path from latent to image. `stem` turns a latent into 4x4 features, `levels[k]` takes the
features of level k to level k + 1, and `exits[k]` makes an image of the features of level k. All
of them exist from the start; `Growth` says which are awake.
Source: Karras et al. 2018, appendix A, table 2.
"""

from __future__ import annotations

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from models.config import BASE_RESOLUTION, ExitShape, NetworkConfig
from models.exit import build_exit
from models.growth import Growth, blend
from models.layers import (
    HE_GAIN,
    LEAKY_SLOPE,
    EqualizedConv2d,
    EqualizedLinear,
    UpConv2d,
    pixel_norm,
    upsample,
)


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU, then PixelNorm (section 4.2)."""
    return pixel_norm(F.leaky_relu(x, LEAKY_SLOPE))


class Stem(nn.Module):
    """Latent `[N, L]` -> features `[N, maps, 4, 4]`."""

    def __init__(self, latent_size: int, maps: int) -> None:
        super().__init__()
        self.maps = maps
        # A quarter of the usual gain, as in the published networks: 16 outputs share one map.
        self.dense = EqualizedLinear(latent_size, maps * BASE_RESOLUTION**2, gain=HE_GAIN / 4)
        self.conv = EqualizedConv2d(maps, maps, kernel=3)

    def forward(self, z: Tensor) -> Tensor:
        x = self.dense(pixel_norm(z))
        x = activate(x.reshape(-1, self.maps, BASE_RESOLUTION, BASE_RESOLUTION))
        return activate(self.conv(x))


class GeneratorLevel(nn.Module):
    """Features `[N, in_maps, R, R]` -> `[N, out_maps, 2R, 2R]`."""

    def __init__(self, in_maps: int, out_maps: int) -> None:
        super().__init__()
        self.up = UpConv2d(in_maps, out_maps)
        self.conv = EqualizedConv2d(out_maps, out_maps, kernel=3)

    def forward(self, x: Tensor) -> Tensor:
        return activate(self.conv(activate(self.up(x))))


class Generator(nn.Module):
    """Latent `[N, L]` -> image `[N, C, R, R]`, about [-1, 1] (linear, so it may overshoot).

    Args:
        config: the shapes.
        exits: shape of the exit of each level; all 1x1 (the paper's toRGB) unless told.

    Raises:
        ValueError: there are more or fewer `exits` than levels.
    """

    def __init__(self, config: NetworkConfig, exits: tuple[ExitShape, ...] | None = None) -> None:
        super().__init__()
        maps = [config.feature_maps(level) for level in range(config.top_level + 1)]
        shapes = exits or (ExitShape(),) * len(maps)
        if len(shapes) != len(maps):
            raise ValueError(f"{len(maps)} exits are needed, one for each level, not {len(shapes)}")
        self.config = config
        self.exit_shapes = shapes
        self.stem = Stem(config.latent_size, maps[0])
        self.levels = nn.ModuleList(GeneratorLevel(below, above) for below, above in pairwise(maps))
        self.exits = nn.ModuleList(
            build_exit(m, config.channels, shape) for m, shape in zip(maps, shapes, strict=True)
        )

    def forward(self, z: Tensor, growth: Growth | None = None) -> Tensor:
        """Images of `z` at `growth`; of the finished network where it is left out."""
        growth = growth or Growth(self.config.top_level)
        x = self.stem(z)
        below = x
        for level in self.levels[: growth.level]:
            below, x = x, level(x)
        image = self.exits[growth.level](x)
        if growth.fading:
            image = blend(upsample(self.exits[growth.level - 1](below)), image, growth.alpha)
        return image
