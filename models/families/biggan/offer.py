"""The offer of the BigGAN to training, export and service.

Owns the entry of the table of families, and the initial weights.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from models.families.biggan.discriminator import BigganDiscriminator
from models.families.biggan.generator import BigganGenerator
from models.family import Family
from models.layers.spectral import SpectralLayer


@torch.no_grad()
def draw_biggan_weights(network: nn.Module, source: np.random.Generator) -> None:
    """Draw orthogonal weights, in the order of their names; biases are 0, factors of maps 1.

    Source: Saxe et al. 2014, as Brock et al. 2019, appendix C, begin. The vectors of spectral
    normalisation are drawn afterwards, in the order of the layers.
    """
    for name, parameter in sorted(network.named_parameters()):
        if parameter.dim() < 2:
            parameter.fill_(float(name.endswith("norm.weight")))
        else:
            parameter.copy_(orthogonal(tuple(parameter.shape), source))
    for layer in network.modules():
        if isinstance(layer, SpectralLayer):
            values = source.standard_normal(len(layer.direction), dtype=np.float32)
            layer.direction.copy_(torch.from_numpy(values))


def orthogonal(shape: tuple[int, ...], source: np.random.Generator) -> Tensor:
    """A random matrix `[shape[0], product of the others]` with orthonormal rows or columns."""
    rows, columns = shape[0], int(np.prod(shape[1:]))
    values = source.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(values)
    q = q * np.sign(np.diag(r))  # otherwise the distribution would not be uniform
    matrix = q if rows >= columns else q.T
    return torch.from_numpy(np.ascontiguousarray(matrix, np.float32)).reshape(shape)


BIGGAN_FAMILY = Family(
    title="BigGAN (Brock et al. 2019)",
    generator=BigganGenerator,
    discriminator=BigganDiscriminator,
    initialise=draw_biggan_weights,
    labels=("none", "projection"),
    objectives=("hinge", "logistic-r1", "rpgan-r1r2"),
    grows=False,
    fits_exits=False,
    is_distributed=False,
)
