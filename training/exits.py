"""Exits of every level, fitted to the finished picture.

While a network grows, the exit of a level is trained only until the next level has faded in; then
the features below move on and it goes stale. Here each exit is solved for anew: with the generator
frozen, the linear convolution that best predicts the finished picture, box-downsampled, in the
sense of least squares. One network then shows the same picture at every resolution.
Owns the fitting and the measure of its fidelity. Knows no file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.config import resolution_of
from models.generator import Generator
from models.layers import EqualizedConv2d, downsample
from training.samples import inputs_of

FIT_SEEDS = range(1_000_000, 1_000_384)
HELD_OUT_SEEDS = range(2_000_000, 2_000_128)
KERNELS = (3, 5)
PLACES = 256  # of each picture that enter the equations; another set for each batch
TARGET_DB = 38.0
RIDGES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)  # of the mean diagonal; the first that can be solved
BATCH = 8


@dataclass(frozen=True)
class FittedExit:
    """The exit of one level, and its fidelity over held-out seeds in decibels (None at the top)."""

    layer: EqualizedConv2d
    psnr_db: float | None


def fit_exits(generator: Generator, kernels: tuple[int, ...] = KERNELS) -> list[FittedExit]:
    """New exits for all levels of `generator` but the top one, which stays.

    For each level the smallest kernel that reaches `TARGET_DB` is taken, or the most faithful one.
    """
    top = generator.config.top_level
    exits = [_fit_level(generator, level, kernels) for level in range(top)]
    finished = generator.exits[top]
    if not isinstance(finished, EqualizedConv2d):
        raise TypeError("the exits of a generator are equalized convolutions")
    return [*exits, FittedExit(finished, None)]


def with_exits(generator: Generator, exits: list[FittedExit]) -> Generator:
    """A generator of the same stem and levels with these exits; nothing is shared."""
    kernels = tuple(exit_.layer.weight.shape[-1] for exit_ in exits)
    fitted = Generator(generator.config, kernels)
    state = {k: v for k, v in generator.state_dict().items() if not k.startswith("exits.")}
    for level, exit_ in enumerate(exits):
        state |= {f"exits.{level}.{k}": v for k, v in exit_.layer.state_dict().items()}
    fitted.load_state_dict(state, strict=True)
    return fitted.eval().requires_grad_(False)


def _fit_level(generator: Generator, level: int, kernels: tuple[int, ...]) -> FittedExit:
    best: FittedExit | None = None
    for kernel in kernels:
        layer = solve_exit(generator, level, kernel)
        psnr_db = fidelity(generator, level, layer)
        if best is None or best.psnr_db is None or psnr_db > best.psnr_db:
            best = FittedExit(layer, round(psnr_db, 2))
        if psnr_db >= TARGET_DB:
            break
    if best is None:
        raise ValueError("at least one kernel width is needed")
    return best


@torch.no_grad()
def features_and_target(generator: Generator, level: int, seeds: range) -> tuple[Tensor, Tensor]:
    """Features of `level` `[N, C, r, r]`, and the finished pictures shrunk to it, in [-1, 1]."""
    x = generator.stem(generator.enter(*inputs_of(generator, seeds)))
    features = x
    for number, block in enumerate(generator.levels, start=1):
        x = block(x)
        if number == level:
            features = x
    image = generator.exits[-1](x).clamp(-1.0, 1.0)
    for _ in range(generator.config.top_level - level):
        image = downsample(image)
    return features, image


@torch.no_grad()
def solve_exit(generator: Generator, level: int, kernel: int) -> EqualizedConv2d:
    """The least-squares exit of `level`: normal equations of all seeds, summed in fp64."""
    channels = generator.config.channels
    maps = generator.config.feature_maps(level)
    unknowns = maps * kernel**2 + 1
    gram = torch.zeros(unknowns, unknowns, dtype=torch.float64)
    moment = torch.zeros(unknowns, channels, dtype=torch.float64)
    stride = max(1, resolution_of(level) ** 2 // PLACES)
    for number, seeds in enumerate(_batches(FIT_SEEDS)):
        features, target = features_and_target(generator, level, seeds)
        places = slice(number % stride, None, stride)
        columns = F.unfold(features, kernel, padding=kernel // 2)[:, :, places]  # [N, C k k, p]
        columns = columns.permute(0, 2, 1).reshape(-1, unknowns - 1)
        columns = F.pad(columns, (0, 1), value=1.0)  # the bias
        values = target.flatten(2)[:, :, places].permute(0, 2, 1).reshape(-1, channels)
        gram += (columns.T @ columns).double()
        moment += (columns.T @ values).double()
    solution = solve(gram, moment).float()
    layer = EqualizedConv2d(maps, channels, kernel, gain=1.0)
    layer.weight.copy_(solution[:-1].T.reshape(layer.weight.shape) / layer.scale)
    layer.bias.copy_(solution[-1])
    return layer


def solve(gram: Tensor, moment: Tensor) -> Tensor:
    """The x of `gram` x = `moment`, by Cholesky; silent or doubled maps need a little ridge.

    Raises:
        ValueError: no ridge helps: the features are not finite.
    """
    scale = float(gram.diagonal().mean())
    for ridge in RIDGES:
        raised = gram + ridge * scale * torch.eye(len(gram), dtype=gram.dtype)
        try:
            factor = cast("Tensor", torch.linalg.cholesky(raised))
        except RuntimeError:  # not positive definite
            continue
        return torch.cholesky_solve(moment, factor)
    raise ValueError("the features of the generator are not finite: its weights are spoiled")


@torch.no_grad()
def fidelity(generator: Generator, level: int, layer: EqualizedConv2d) -> float:
    """Peak signal-to-noise ratio over the held-out seeds, in decibels; the peak is the range, 2."""
    total, count = 0.0, 0
    for seeds in _batches(HELD_OUT_SEEDS):
        features, target = features_and_target(generator, level, seeds)
        error = layer(features).clamp(-1.0, 1.0) - target
        total += error.double().square().sum().item()
        count += error.numel()
    return 10 * float(np.log10(4.0 * count / max(total, 1e-30)))


def _batches(seeds: range) -> list[range]:
    return [seeds[start : start + BATCH] for start in range(0, len(seeds), BATCH)]
