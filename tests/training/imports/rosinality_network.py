"""A StyleGAN2 as rosinality/stylegan2-pytorch computes it, and the file that it writes.

Written in float64 without any layer of ours, and with the weights of each picture modulated one by
one, as the paper has it: what an import is compared with.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

LATENT, STYLE, MAPPING = 12, 10, 3
MAPS = (16, 16, 8, 4)  # 4 to 32 px
FILTER = torch.tensor([1.0, 3.0, 3.0, 1.0])
NOISE_SEED = 1


def rosinality_weights() -> dict[str, Tensor]:
    """State dictionary of a generator of 32 px."""
    draw = torch.Generator().manual_seed(0)
    weights: dict[str, Tensor] = {"input.input": torch.randn(1, MAPS[0], 4, 4, generator=draw)}
    kernel = torch.outer(FILTER, FILTER) / 16
    for n in range(MAPPING):
        inputs = STYLE if n else LATENT
        weights[f"style.{n + 1}.weight"] = 100 * torch.randn(STYLE, inputs, generator=draw)
        weights[f"style.{n + 1}.bias"] = 20 * torch.randn(STYLE, generator=draw)

    def modulated(name: str, inputs: int, outputs: int, size: int) -> None:
        shape = (1, outputs, inputs, size, size)
        weights[f"{name}.conv.weight"] = torch.randn(shape, generator=draw)
        weights[f"{name}.conv.modulation.weight"] = torch.randn(inputs, STYLE, generator=draw)
        weights[f"{name}.conv.modulation.bias"] = 1 + 0.2 * torch.randn(inputs, generator=draw)

    for place in range(2 * len(MAPS) - 1):
        level, name = (place + 1) // 2, f"convs.{place - 1}" if place else "conv1"
        below = MAPS[level - 1] if place % 2 else MAPS[level]
        modulated(name, below, MAPS[level], 3)
        weights[f"{name}.noise.weight"] = 0.3 * torch.randn(1, generator=draw)
        weights[f"{name}.activate.bias"] = 0.3 * torch.randn(MAPS[level], generator=draw)
        side = 4 << level
        weights[f"noises.noise_{place}"] = torch.randn(1, 1, side, side, generator=draw)
        if place % 2:
            weights[f"{name}.conv.blur.kernel"] = kernel.clone()
    for level, maps in enumerate(MAPS):
        name = f"to_rgbs.{level - 1}" if level else "to_rgb1"
        modulated(name, maps, 3, 1)
        weights[f"{name}.bias"] = 0.3 * torch.randn(1, 3, 1, 1, generator=draw)
        if level:
            weights[f"{name}.upsample.kernel"] = kernel.clone()
    return weights


def filtered(x: Tensor, kernel: Tensor, before: int, after: int) -> Tensor:
    """Low-pass filter of each map after padding with zeros."""
    maps = x.shape[1]
    x = F.pad(x, (before, after, before, after))
    taps = kernel.flip(0, 1).expand(maps, 1, 4, 4)
    return F.conv2d(x, taps, groups=maps)


def with_zeros(x: Tensor) -> Tensor:
    """A zero after each pixel, in both directions."""
    n, maps, height, width = x.shape
    wide = x.new_zeros(n, maps, height, 2, width, 2)
    wide[:, :, :, 0, :, 0] = x
    return wide.reshape(n, maps, 2 * height, 2 * width)


def modulated_convolution(
    w: Mapping[str, Tensor], name: str, x: Tensor, style: Tensor, *, demodulate: bool
) -> Tensor:
    """Each picture with weights of its own; an up-sampling one is recognised by its filter."""
    weight = w[f"{name}.conv.weight"][0] / math.sqrt(w[f"{name}.conv.weight"][0, 0].numel())
    scales = F.linear(style, w[f"{name}.conv.modulation.weight"] / math.sqrt(STYLE))
    scales = scales + w[f"{name}.conv.modulation.bias"]
    made: list[Tensor] = []
    for picture, scale in zip(x, scales, strict=True):
        own = weight * scale[:, None, None]
        if demodulate:
            own = own / (own.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
        if f"{name}.conv.blur.kernel" in w:
            y = F.conv_transpose2d(picture[None], own.transpose(0, 1), stride=2)
            made.append(filtered(y, w[f"{name}.conv.blur.kernel"], 1, 1))
        else:
            made.append(F.conv2d(picture[None], own, padding=own.shape[-1] // 2))
    return torch.cat(made)


def rosinality_picture(w: Mapping[str, Tensor], z: Tensor, level: int) -> Tensor:
    """The forward pass with fixed noise, and averages of squares below the top level."""
    style = z / (z.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()
    for n in range(1, MAPPING + 1):
        weight, bias = w[f"style.{n}.weight"], w[f"style.{n}.bias"]
        scale = 0.01 / math.sqrt(weight.shape[1])
        style = F.leaky_relu(F.linear(style, weight * scale, bias * 0.01), 0.2) * math.sqrt(2)

    def layer(place: int, x: Tensor) -> Tensor:
        name = f"convs.{place - 1}" if place else "conv1"
        x = modulated_convolution(w, name, x, style, demodulate=True)
        if f"noises.noise_{place}" in w:
            x = x + w[f"{name}.noise.weight"] * w[f"noises.noise_{place}"]
        bias = w[f"{name}.activate.bias"].reshape(1, -1, 1, 1)
        return F.leaky_relu(x + bias, 0.2) * math.sqrt(2)

    x = layer(0, w["input.input"].expand(len(z), -1, -1, -1))
    image = modulated_convolution(w, "to_rgb1", x, style, demodulate=False) + w["to_rgb1.bias"]
    for k in range(1, len(MAPS)):
        x = layer(2 * k, layer(2 * k - 1, x))
        name = f"to_rgbs.{k - 1}"
        here = modulated_convolution(w, name, x, style, demodulate=False) + w[f"{name}.bias"]
        image = here + filtered(with_zeros(image), w[f"{name}.upsample.kernel"], 2, 1)
    return F.avg_pool2d(image, 1 << (len(MAPS) - 1 - level))


def save_rosinality(path: Path, weights: dict[str, Tensor]) -> None:
    """A checkpoint of its training, with the options of the command."""
    other = {name: torch.zeros_like(value) for name, value in weights.items()}
    args = argparse.Namespace(path="data", size=32, latent=LATENT, n_mlp=MAPPING)
    torch.save({"g": other, "d": {}, "g_ema": weights, "args": args, "ada_aug_p": 0.0}, path)
