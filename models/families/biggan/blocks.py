"""The layers of a BigGAN: conditional normalisation and residual blocks.

Owns batch normalisation whose factor and summand follow from class and latent, the blocks of both
networks, and the folding of running statistics. Knows no level.
Source: Brock et al. 2019, appendix B; de Vries et al. 2017 (conditional batch normalisation).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.families.biggan.config import BigganConfig
from models.folding import plain_linear, scale_and_shift
from models.layers import in_fp32
from models.resampling import downsample
from models.spectral import SpectralConv2d, SpectralLinear, SpectralUpConv2d, SpectralUpShortcut


class ConditionalNorm(nn.Module):
    """Batch normalisation with factor 1 + G y and summand B y of each map.

    The condition y is the class vector beside a part of the latent, or one of them. Where no class
    vector is shared, y has one number for each class, and G and B are not normalised.
    """

    def __init__(self, maps: int, config: BigganConfig) -> None:
        super().__init__()
        self.class_size = (config.class_size or config.classes) if config.classes else 0
        size = self.class_size + config.chunk_size
        self.norm = nn.BatchNorm2d(maps, affine=False)
        self.factor, self.summand = (
            SpectralLinear(size, maps, bias=False)
            if config.class_size
            else nn.Linear(size, maps, bias=False)
            for _ in range(2)
        )

    def forward(self, x: Tensor, kind: Tensor | None, chunk: Tensor | None) -> Tensor:
        """Features `[N, maps, h, w]`.

        Args:
            x: of the same shape.
            kind: class vector, `[N, class_size]`, or one number for each class; None without.
            chunk: part of the latent, `[N, chunk_size]`; None without.
        """
        condition = torch.cat([part for part in (kind, chunk) if part is not None], dim=1)
        factor = 1.0 + in_fp32(self.factor, condition)
        summand = in_fp32(self.summand, condition)
        x = self.norm(x)
        return x * factor[:, :, None, None].to(x.dtype) + summand[:, :, None, None].to(x.dtype)

    def folded(self) -> nn.Module:
        """Factor and summand with the running statistics in them."""
        mean, variance = self.norm.running_mean, self.norm.running_var
        assert mean is not None  # a batch normalisation has them unless told otherwise
        assert variance is not None
        inverse = torch.rsqrt(variance + self.norm.eps)
        of_factor, of_summand = matrix_of(self.factor), matrix_of(self.summand)
        factor = inverse[:, None] * of_factor
        summand = of_summand - (mean * inverse)[:, None] * of_factor
        return FoldedConditionalNorm(factor, inverse, summand, -mean * inverse, self.class_size)


class FoldedConditionalNorm(nn.Module):
    """A `ConditionalNorm` whose weights and statistics no longer change.

    Args:
        factor: `[maps, class_size + chunk_size]`, as is `summand`.
        first_factor: `[maps]`, added to the product with `factor`, as is `first_summand`.
        class_size: number of the columns for the class.
    """

    def __init__(
        self,
        factor: Tensor,
        first_factor: Tensor,
        summand: Tensor,
        first_summand: Tensor,
        class_size: int,
    ) -> None:
        super().__init__()
        self.maps = len(factor)
        self.factor = _Parts(factor, first_factor, class_size)
        self.summand = _Parts(summand, first_summand, class_size)

    def forward(self, x: Tensor, kind: Tensor | None, chunk: Tensor | None) -> Tensor:
        """Features; arguments as in `ConditionalNorm`."""
        factor = self.factor(kind, chunk).reshape(-1, self.maps, 1, 1)
        return x * factor + self.summand(kind, chunk).reshape(-1, self.maps, 1, 1)


class _Parts(nn.Module):
    """Matrix times condition, plus a constant; class and latent are separate inputs."""

    def __init__(self, matrix: Tensor, constant: Tensor, class_size: int) -> None:
        super().__init__()
        of_class, of_chunk = matrix[:, :class_size], matrix[:, class_size:]
        has_both = 0 < class_size < matrix.shape[1]
        added = torch.zeros_like(constant) if has_both else constant
        self.of_class = plain_linear(of_class, constant) if of_class.shape[1] else None
        self.of_chunk = plain_linear(of_chunk, added) if of_chunk.shape[1] else None

    def forward(self, kind: Tensor | None, chunk: Tensor | None) -> Tensor:
        pairs = ((self.of_class, kind), (self.of_chunk, chunk))
        results = [part(x) for part, x in pairs if part is not None and x is not None]
        return results[0] if len(results) == 1 else results[0] + results[1]


def matrix_of(layer: SpectralLinear | nn.Linear) -> Tensor:
    """The matrix `[out, in]` that a layer multiplies by."""
    return layer.kernel() if isinstance(layer, SpectralLinear) else layer.weight


class OutputNorm(nn.Module):
    """Batch normalisation and ReLU before the layer to the image."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(maps)

    def forward(self, x: Tensor) -> Tensor:
        """Features `[N, maps, h, w]`."""
        return F.relu(self.norm(x))

    def folded(self) -> nn.Module:
        """A factor and a summand of each map, and ReLU."""
        return FoldedOutputNorm(*scale_and_shift(self.norm))


class FoldedOutputNorm(nn.Module):
    """An `OutputNorm` whose weights and statistics no longer change."""

    factor: Tensor
    summand: Tensor

    def __init__(self, factor: Tensor, summand: Tensor) -> None:
        super().__init__()
        self.register_buffer("factor", factor.detach().reshape(1, -1, 1, 1))
        self.register_buffer("summand", summand.detach().reshape(1, -1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Features `[N, maps, h, w]`."""
        return F.relu(x * self.factor + self.summand)


class UpResidualBlock(nn.Module):
    """Features `[N, in_maps, h, w]` and condition -> features `[N, out_maps, 2h, 2w]`."""

    def __init__(self, in_maps: int, out_maps: int, config: BigganConfig) -> None:
        super().__init__()
        self.first_norm = ConditionalNorm(in_maps, config)
        self.first = SpectralUpConv2d(in_maps, out_maps)
        self.second_norm = ConditionalNorm(out_maps, config)
        self.second = SpectralConv2d(out_maps, out_maps, 3)
        self.shortcut = SpectralUpShortcut(in_maps, out_maps)

    def forward(self, x: Tensor, kind: Tensor | None, chunk: Tensor | None) -> Tensor:
        """Features one level above; arguments as in `ConditionalNorm`."""
        through = self.first(F.relu(self.first_norm(x, kind, chunk)))
        through = self.second(F.relu(self.second_norm(through, kind, chunk)))
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
