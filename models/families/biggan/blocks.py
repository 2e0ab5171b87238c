"""The residual blocks of a BigGAN.

Owns the blocks of both networks; `normalisation.py` has their normalisations. Knows no level.
Source: Brock et al. 2019, appendix B.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from models.families.biggan.config import BigganConfig
from models.families.biggan.normalisation import ConditionalNorm, Correction, matrix_of
from models.layers.resampling import downsample
from models.layers.spectral import SpectralConv2d, SpectralUpConv2d, SpectralUpShortcut


class UpResidualBlock(nn.Module):
    """Features `[N, in_maps, h, w]` and condition -> features `[N, out_maps, 2h, 2w]`."""

    def __init__(self, in_maps: int, out_maps: int, config: BigganConfig) -> None:
        super().__init__()
        self.first_norm = ConditionalNorm(in_maps, config)
        self.first = SpectralUpConv2d(in_maps, out_maps)
        self.second_norm = ConditionalNorm(out_maps, config)
        self.second = SpectralConv2d(out_maps, out_maps, 3)
        self.shortcut = SpectralUpShortcut(in_maps, out_maps)

    def forward(
        self,
        x: Tensor,
        kind: Tensor | None,
        chunk: Tensor | None,
        corrections: tuple[Correction, Correction] | None = None,
    ) -> Tensor:
        """Features one level above; arguments as in `ConditionalNorm`, corrections of both."""
        first, second = corrections or (None, None)
        through = self.first(F.relu(self.first_norm(x, kind, chunk, first)))
        through = self.second(F.relu(self.second_norm(through, kind, chunk, second)))
        return through + self.shortcut(x)

    def chunk_weights(self) -> list[Tensor]:
        """Weights `[maps, chunk_size]` of the factors and summands for their part of the latent."""
        norms = (self.first_norm, self.second_norm)
        return [
            matrix_of(layer)[:, norm.class_size :]
            for norm in norms
            for layer in (norm.factor, norm.summand)
        ]


class DownResidualBlock(nn.Module):
    """Images or features `[N, in_maps, h, w]` -> features `[N, out_maps, h/2, w/2]`.

    Args:
        in_maps: of the input.
        out_maps: of the result.
        first: True for the block that reads images, which begins with a convolution.
        down: False to keep the size.
    """

    def __init__(self, in_maps: int, out_maps: int, *, first: bool, down: bool) -> None:
        super().__init__()
        self.is_first, self.goes_down = first, down
        self.first = SpectralConv2d(in_maps, out_maps, 3)
        self.second = SpectralConv2d(out_maps, out_maps, 3)
        changes = down or in_maps != out_maps
        self.shortcut = SpectralConv2d(in_maps, out_maps, 1) if changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Sum of both paths; the shortcut of images is averaged before its convolution."""
        through = self.second(F.relu(self.first(x if self.is_first else F.relu(x))))
        if not self.goes_down:
            return through + self.shortcut(x)
        if self.is_first:
            return downsample(through) + self.shortcut(downsample(x))
        return downsample(through + self.shortcut(x))
