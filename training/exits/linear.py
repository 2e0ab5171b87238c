"""The linear exit of a level: one convolution, found by least squares.

Owns the normal equations. They are solved exactly and fast; a deep exit is only useful if it is
more faithful.
"""

from __future__ import annotations

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from models.exit_shape import ExitShape
from models.families.progan.exit import build_exit, convolutions_of
from models.layers.resampling import pad_circular
from training.exits.distillation_data import NonFiniteGeneratorError

PLACES = 256  # pixels of a picture that enter the equations, about; others in each batch
RIDGES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)  # of the mean diagonal; the first solvable one is used


class LeastSquares:
    """The normal equations of one exit, summed in fp64 over all batches.

    Args:
        maps: of the features.
        channels: of the image.
        kernel: width of the convolution, odd.
        tiling: circular padding.
    """

    def __init__(self, maps: int, channels: int, kernel: int, tiling: bool = False) -> None:
        self._maps, self._channels, self._kernel, self._tiling = maps, channels, kernel, tiling
        self._unknowns = maps * kernel**2 + 1
        self._gram = torch.zeros(self._unknowns, self._unknowns, dtype=torch.float64)
        self._moment = torch.zeros(self._unknowns, channels, dtype=torch.float64)
        self._batches = 0

    @torch.no_grad()
    def add(self, features: Tensor, target: Tensor) -> None:
        """Add features `[N, maps, h, w]` and their targets `[N, channels, h, w]`."""
        # An odd stride: an even one can be a multiple of the row length, and would then use pixels
        # of a single column of a large picture.
        stride = max(1, math.prod(features.shape[-2:]) // PLACES) | 1
        places = slice(self._batches % stride, None, stride)
        padding = self._kernel // 2
        if self._tiling:
            features, padding = pad_circular(features, padding), 0
        columns = F.unfold(features, self._kernel, padding=padding)[:, :, places]
        columns = columns.permute(0, 2, 1).reshape(-1, self._unknowns - 1)  # [N p, C k k]
        columns = F.pad(columns, (0, 1), value=1.0)  # the bias
        values = target.flatten(2)[:, :, places].permute(0, 2, 1).reshape(-1, self._channels)
        self._gram += (columns.T @ columns).double().cpu()
        self._moment += (columns.T @ values).double().cpu()
        self._batches += 1

    @torch.no_grad()
    def exit(self) -> torch.nn.Module:
        """Solve for the exit with the least squared error over all batches that were added."""
        solution = solve(self._gram, self._moment).float()
        shape = ExitShape((self._kernel,))
        exit_ = build_exit(self._maps, self._channels, shape, self._tiling)
        (layer,) = convolutions_of(exit_)
        layer.weight.copy_(solution[:-1].T.reshape(layer.weight.shape) / layer.scale)
        layer.bias.copy_(solution[-1])
        return exit_.eval().requires_grad_(False)


def solve(gram: Tensor, moment: Tensor) -> Tensor:
    """Solve `gram` x = `moment` by Cholesky, with a small ridge for linearly dependent maps.

    Raises:
        NonFiniteGeneratorError: it cannot be solved with any ridge: the features are not finite.
    """
    scale = float(gram.diagonal().mean())
    for ridge in RIDGES:
        raised = gram + ridge * scale * torch.eye(len(gram), dtype=gram.dtype)
        try:
            factor = cast("Tensor", torch.linalg.cholesky(raised))
        except RuntimeError:  # not positive definite
            continue
        return torch.cholesky_solve(moment, factor)
    raise NonFiniteGeneratorError(
        "the features of the generator are not finite: its weights are damaged"
    )
