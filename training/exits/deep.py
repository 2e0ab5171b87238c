"""The deep exit of a level: a few small convolutions, distilled from the finished picture.

The mapping from the features of a level to the finished picture is not linear, so a single
convolution cannot approximate it well. A narrow chain of convolutions can, and costs far less than
the levels that it replaces.
Owns the training of one exit: Muon (Jordan et al. 2024) for the hidden convolutions, which trains
them three times as fast as Adam; Adam for the last one and the biases. Knows no seeds.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.exit_shape import ExitShape
from models.families.progan.exit import build_exit, convolutions_of
from models.layers.progan import LEAKY_SLOPE
from models.layers.resampling import pad_circular
from training.objectives.rng import normal

MUON_RATE = 0.02
ADAM_RATE = 0.003
ADAM_BETAS = (0.9, 0.99)
WARM_UP = 50  # steps


class ExitTrainer:
    """An exit in training.

    Args:
        maps: of the features.
        channels: of the image.
        shape: with at least one hidden layer.
        source: random generator for the initial weights.
        device: of features and targets.
        tiling: circular padding.
    """

    def __init__(
        self,
        maps: int,
        channels: int,
        shape: ExitShape,
        source: np.random.Generator,
        device: torch.device | None = None,
        tiling: bool = False,
    ) -> None:
        self._tiling = tiling
        self._exit = build_exit(maps, channels, shape, tiling).to(device)
        self._shapes = [conv.weight.shape for conv in convolutions_of(self._exit)]
        # Plain matrices [O, I k k] instead of equalized weights: Muon needs matrices.
        self._matrices = [_first(shape, source, device) for shape in self._shapes]
        self._biases = [
            nn.Parameter(torch.zeros(shape[0], device=device)) for shape in self._shapes
        ]
        self._muon = torch.optim.Muon(self._matrices[:-1], lr=MUON_RATE, weight_decay=0.0)
        rest = [self._matrices[-1], *self._biases]
        self._adam = torch.optim.Adam(rest, lr=ADAM_RATE, betas=ADAM_BETAS)

    def step(self, features: Tensor, target: Tensor, rate: float) -> float:
        """Run one step of both optimizers.

        Args:
            features: `[N, maps, h, w]`.
            target: `[N, channels, h, w]`, in [-1, 1].
            rate: factor of both learning rates, 0 to 1.

        Returns:
            The mean square error before the step; not finite when training diverged.
        """
        self._muon.param_groups[0]["lr"] = rate * MUON_RATE
        self._adam.param_groups[0]["lr"] = rate * ADAM_RATE
        features = features.contiguous(memory_format=torch.channels_last)  # faster by a sixth
        loss = F.mse_loss(self._predict(features), target)
        self._muon.zero_grad()
        self._adam.zero_grad()
        loss.backward()
        self._muon.step()
        self._adam.step()
        return loss.item()

    @torch.no_grad()
    def exit(self) -> nn.Module:
        """Return the exit with its current weights."""
        convolutions = convolutions_of(self._exit)
        for layer, matrix, bias in zip(convolutions, self._matrices, self._biases, strict=True):
            layer.weight.copy_(matrix.reshape(layer.weight.shape) / layer.scale)
            layer.bias.copy_(bias)
        return self._exit.eval().requires_grad_(False)

    def _predict(self, x: Tensor) -> Tensor:
        for number, (shape, matrix, bias) in enumerate(
            zip(self._shapes, self._matrices, self._biases, strict=True)
        ):
            x = F.leaky_relu(x, LEAKY_SLOPE) if number else x
            padding = shape[-1] // 2
            if self._tiling:
                x, padding = pad_circular(x, padding), 0
            x = F.conv2d(x, matrix.view(shape), bias, padding=padding)
        return x


def _first(
    shape: torch.Size, source: np.random.Generator, device: torch.device | None
) -> nn.Parameter:
    inputs = math.prod(shape[1:])
    weights = normal(source, shape[0], inputs) / math.sqrt(3 * inputs)
    return nn.Parameter(weights.to(device))


def rate_at(step: int, steps: int) -> float:
    """Factor of the learning rate at a step: a short linear warm-up, then cosine decay to 0."""
    return min(1.0, (step + 1) / WARM_UP) * (1 + math.cos(math.pi * step / steps)) / 2
