"""The batch normalisations of a BigGAN's generator.

Owns normalisation whose factor and summand follow from class and latent, the one before the image,
their correction for truncated latents, and the folding of running statistics. Knows no block, and
of truncated latents only the correction.
Source: Brock et al. 2019, appendix B; de Vries et al. 2017 (conditional batch normalisation).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.families.biggan.config import BigganConfig
from models.layers.folding import plain_linear, scale_and_shift
from models.layers.progan import in_fp32
from models.layers.spectral import SpectralLinear

NORM_EPSILON = 1e-5  # added to variances


class Correction(NamedTuple):
    """Factor and summand of each map, `[N, maps]`, before its normalisation.

    They make statistics those of other latents: with mean m and deviation s in place of the own
    mean m1 and deviation s1, the factor is s1 / s and the summand m1 - m s1 / s.
    """

    factor: Tensor
    summand: Tensor

    def of_maps(self, maps: int) -> tuple[Tensor, Tensor]:
        """Both as `[N, maps, 1, 1]`."""
        return self.factor.reshape(-1, maps, 1, 1), self.summand.reshape(-1, maps, 1, 1)


class ConditionalNorm(nn.Module):
    """Batch normalisation with factor 1 + G y and summand B y of each map.

    The condition y is the class vector beside a part of the latent, or one of them. Where no class
    vector is shared, y has one number for each class, and G and B are not normalised.
    """

    def __init__(self, maps: int, config: BigganConfig) -> None:
        super().__init__()
        self.class_size = (config.class_size or config.classes) if config.classes else 0
        size = self.class_size + config.chunk_size
        self.norm = nn.BatchNorm2d(maps, NORM_EPSILON, affine=False)
        self.factor, self.summand = (
            SpectralLinear(size, maps, bias=False)
            if config.class_size
            else nn.Linear(size, maps, bias=False)
            for _ in range(2)
        )

    def forward(
        self,
        x: Tensor,
        kind: Tensor | None,
        chunk: Tensor | None,
        correction: Correction | None = None,
    ) -> Tensor:
        """Features `[N, maps, h, w]`.

        Args:
            x: of the same shape.
            kind: class vector, `[N, class_size]`, or one number for each class; None without.
            chunk: part of the latent, `[N, chunk_size]`; None without.
            correction: for truncated latents; None for others.
        """
        condition = torch.cat([part for part in (kind, chunk) if part is not None], dim=1)
        factor = 1.0 + in_fp32(self.factor, condition)
        summand = in_fp32(self.summand, condition)
        x = self.norm(corrected(x, correction, self.norm.num_features))
        return x * factor[:, :, None, None].to(x.dtype) + summand[:, :, None, None].to(x.dtype)

    def folded(self) -> nn.Module:
        """Factor and summand with the running statistics in them."""
        mean, variance = running_statistics(self.norm)
        inverse = torch.rsqrt(variance + self.norm.eps)
        of_factor, of_summand = matrix_of(self.factor), matrix_of(self.summand)
        factor = inverse[:, None] * of_factor
        summand = of_summand - (mean * inverse)[:, None] * of_factor
        size = self.class_size
        return FoldedConditionalNorm(
            _Parts(factor, inverse, size), _Parts(summand, -mean * inverse, size)
        )


class FoldedConditionalNorm(nn.Module):
    """A `ConditionalNorm` whose weights and statistics no longer change.

    Args:
        factor: of the features, from class and latent.
        summand: the same.
    """

    def __init__(self, factor: _Parts, summand: _Parts) -> None:
        super().__init__()
        self.maps = factor.maps
        self.factor, self.summand = factor, summand

    def forward(
        self,
        x: Tensor,
        kind: Tensor | None,
        chunk: Tensor | None,
        correction: Correction | None = None,
    ) -> Tensor:
        """Features; arguments as in `ConditionalNorm`."""
        factor = self.factor(kind, chunk).reshape(-1, self.maps, 1, 1)
        summand = self.summand(kind, chunk).reshape(-1, self.maps, 1, 1)
        return corrected_and_scaled(x, factor, summand, correction, self.maps)


class _Parts(nn.Module):
    """Matrix `[maps, class_size + chunk_size]` times condition, plus a constant `[maps]`.

    Class, the first `class_size` columns, and latent are separate inputs.
    """

    def __init__(self, matrix: Tensor, constant: Tensor, class_size: int) -> None:
        super().__init__()
        self.maps = len(matrix)
        of_class, of_chunk = matrix[:, :class_size], matrix[:, class_size:]
        has_both = 0 < class_size < matrix.shape[1]
        added = torch.zeros_like(constant) if has_both else constant
        self.of_class = plain_linear(of_class, constant) if of_class.shape[1] else None
        self.of_chunk = plain_linear(of_chunk, added) if of_chunk.shape[1] else None

    def forward(self, kind: Tensor | None, chunk: Tensor | None) -> Tensor:
        pairs = ((self.of_class, kind), (self.of_chunk, chunk))
        results = [part(x) for part, x in pairs if part is not None and x is not None]
        return results[0] if len(results) == 1 else results[0] + results[1]


class OutputNorm(nn.Module):
    """Batch normalisation and ReLU before the layer to the image."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(maps, NORM_EPSILON)

    def forward(self, x: Tensor, correction: Correction | None = None) -> Tensor:
        """Features `[N, maps, h, w]`."""
        return F.relu(self.norm(corrected(x, correction, self.norm.num_features)))

    def folded(self) -> nn.Module:
        """A factor and a summand of each map, and ReLU."""
        return FoldedOutputNorm(*scale_and_shift(self.norm))


class FoldedOutputNorm(nn.Module):
    """An `OutputNorm` whose weights and statistics no longer change."""

    factor: Tensor
    summand: Tensor

    def __init__(self, factor: Tensor, summand: Tensor) -> None:
        super().__init__()
        self.maps = len(factor)
        self.register_buffer("factor", factor.detach().reshape(1, -1, 1, 1))
        self.register_buffer("summand", summand.detach().reshape(1, -1, 1, 1))

    def forward(self, x: Tensor, correction: Correction | None = None) -> Tensor:
        """Features `[N, maps, h, w]`."""
        return F.relu(corrected_and_scaled(x, self.factor, self.summand, correction, self.maps))


def corrected(x: Tensor, correction: Correction | None, maps: int) -> Tensor:
    """Features `[N, maps, h, w]` as a normalisation must get them."""
    if correction is None:
        return x
    factor, summand = correction.of_maps(maps)
    return x * factor.to(x.dtype) + summand.to(x.dtype)


def corrected_and_scaled(
    x: Tensor, factor: Tensor, summand: Tensor, correction: Correction | None, maps: int
) -> Tensor:
    """Features times a factor plus a summand of each map, `[N or 1, maps, 1, 1]`.

    A correction is computed in these small vectors, and of 1 and 0 it changes no bit of them.
    """
    if correction is not None:
        first, added = correction.of_maps(maps)
        # The corrections on the left: a graph has them as symbols, and constants on the right.
        factor, summand = first * factor, added * factor + summand
    return x * factor + summand


def running_statistics(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Running mean and variance `[maps]` of a batch normalisation."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None  # a batch normalisation has them unless told otherwise
    assert variance is not None
    return mean, variance


def matrix_of(layer: SpectralLinear | nn.Linear) -> Tensor:
    """The matrix `[out, in]` that a layer multiplies by."""
    return layer.kernel() if isinstance(layer, SpectralLinear) else layer.weight
