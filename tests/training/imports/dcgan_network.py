"""A DCGAN as PyTorch's example computes it, with random weights, and the file that it writes.

Written in float64 without any layer of ours: what an import is compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

MAPS = (24, 12, 6)
LATENT = 12
EPSILON = 1e-5  # of batch normalisation


def dcgan_weights() -> dict[str, Tensor]:
    """State dictionary of a generator of 32 px: modules 0, 1, 3, 4, 6, 7 and 9."""
    draw = torch.Generator().manual_seed(0)
    weights: dict[str, Tensor] = {}
    for level, (inputs, maps) in enumerate(pairwise((LATENT, *MAPS, 3))):
        shape = (inputs, maps, 4, 4)
        weights[f"main.{3 * level}.weight"] = 0.2 * torch.randn(shape, generator=draw)
        if level < len(MAPS):
            name = f"main.{3 * level + 1}"
            weights[f"{name}.weight"] = 1 + 0.2 * torch.randn(maps, generator=draw)
            weights[f"{name}.bias"] = 0.2 * torch.randn(maps, generator=draw)
            weights[f"{name}.running_mean"] = 0.2 * torch.randn(maps, generator=draw)
            weights[f"{name}.running_var"] = 0.5 + torch.rand(maps, generator=draw)
            weights[f"{name}.num_batches_tracked"] = torch.tensor(12_345)
    return weights


def dcgan_picture(w: Mapping[str, Tensor], z: Tensor, level: int) -> Tensor:
    """The forward pass in evaluation mode, and averages of squares below the top level."""
    x = z[:, :, None, None]
    for n in range(len(MAPS)):
        stride, padding = (2, 1) if n else (1, 0)
        x = F.conv_transpose2d(x, w[f"main.{3 * n}.weight"], stride=stride, padding=padding)
        name = f"main.{3 * n + 1}"
        mean, variance, weight, bias = (
            w[f"{name}.{each}"][:, None, None]
            for each in ("running_mean", "running_var", "weight", "bias")
        )
        x = ((x - mean) / (variance + EPSILON).sqrt() * weight + bias).relu()
    last = w[f"main.{3 * len(MAPS)}.weight"]
    x = F.conv_transpose2d(x, last, stride=2, padding=1).tanh()
    return F.avg_pool2d(x, 1 << (len(MAPS) - level))


def save_dcgan(path: Path, weights: dict[str, Tensor]) -> None:
    """A checkpoint with the names of `gan-face-generate`."""
    torch.save({"netG_state_dict": weights, "netD_state_dict": {}, "epoch": 25}, path)
