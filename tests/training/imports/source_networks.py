"""Networks as other tools compute them, with random weights, and the files that they write.

Each is written in the arithmetic of its tool and in float64, without any layer of ours: what an
import is compared with.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.latent import latent_of
from tests.training.imports.ada_network import ada_picture, ada_weights, save_ada
from tests.training.imports.dcgan_network import dcgan_picture, dcgan_weights, save_dcgan
from tests.training.imports.rosinality_network import (
    rosinality_picture,
    rosinality_weights,
    save_rosinality,
)

LATENT = 12
MAPS = (24, 24, 24, 12)  # with much fewer, PixelNorm makes roundings large
SEEDS = range(5)

Weights = dict[str, Tensor]
Picture = Callable[[Mapping[str, Tensor], Tensor, int], Tensor]


@dataclass(frozen=True)
class SourceNetwork:
    """A network of another tool.

    Attributes:
        tool: name on the command line.
        weights: state dictionary, in float32.
        picture: of weights in float64, latents and a level.
        save: writes the file that the tool would write.
    """

    tool: str
    weights: Weights
    picture: Picture
    save: Callable[[Path, Weights], None]


def latents(size: int = LATENT) -> Tensor:
    """Latents `[5, L]` of our seeds, in float64."""
    return torch.from_numpy(np.stack([latent_of(seed, size) for seed in SEEDS])).double()


def random_weights(shapes: Mapping[str, Sequence[int]], seed: int = 0) -> Weights:
    """Weights and biases of these shapes, standard normal; biases are smaller."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn([*shape], generator=generator) * (0.3 if name.endswith("bias") else 1.0)
        for name, shape in shapes.items()
    }


def normalised(x: Tensor) -> Tensor:
    """PixelNorm."""
    return x / (x.pow(2).mean(dim=1, keepdim=True) + 1e-8).sqrt()


def leaky(x: Tensor) -> Tensor:
    """Leaky ReLU."""
    return F.leaky_relu(x, 0.2)


def twice(x: Tensor) -> Tensor:
    """Nearest-neighbour up-sampling."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


# ----------------------------------------------------------------------------------------
# pro_gan_pytorch: scaled weights, no normalisation between the first two layers


def pro_gan_shapes(first: str, below: int, maps: Sequence[int] = MAPS) -> dict[str, Sequence[int]]:
    """Shapes of a state dictionary; layers of level k are number k - `below`."""
    shapes: dict[str, Sequence[int]] = {
        f"{first}.conv_1.weight": (LATENT, maps[0], 4, 4),
        f"{first}.conv_1.bias": (maps[0],),
        f"{first}.conv_2.weight": (maps[0], maps[0], 3, 3),
        f"{first}.conv_2.bias": (maps[0],),
    }
    for level in range(1, len(maps)):
        name = f"layers.{level - below}"
        shapes[f"{name}.conv_1.weight"] = (maps[level], maps[level - 1], 3, 3)
        shapes[f"{name}.conv_2.weight"] = (maps[level], maps[level], 3, 3)
        shapes |= {f"{name}.conv_{n}.bias": (maps[level],) for n in (1, 2)}
    for level, count in enumerate(maps):
        shapes[f"rgb_converters.{level}.weight"] = (3, count, 1, 1)
        shapes[f"rgb_converters.{level}.bias"] = (3,)
    return shapes


def pro_gan_picture(first: str, below: int, equalized: bool = True) -> Picture:
    """The forward pass, for latents of length sqrt(L)."""

    def picture(w: Mapping[str, Tensor], z: Tensor, level: int) -> Tensor:
        def conv(name: str, x: Tensor, padding: int = 1) -> Tensor:
            weight = w[f"{name}.weight"]
            scale = math.sqrt(2) / math.sqrt(weight[0].numel()) if equalized else 1.0
            return F.conv2d(x, weight * scale, w[f"{name}.bias"], padding=padding)

        x = (z / z.norm(dim=1, keepdim=True) * math.sqrt(z.shape[1]))[:, :, None, None]
        scale = math.sqrt(2) / math.sqrt(z.shape[1]) if equalized else 1.0
        deconvolution = w[f"{first}.conv_1.weight"] * scale
        x = leaky(F.conv_transpose2d(x, deconvolution, w[f"{first}.conv_1.bias"]))
        x = normalised(leaky(conv(f"{first}.conv_2", x)))
        for k in range(1, level + 1):
            x = normalised(leaky(conv(f"layers.{k - below}.conv_1", twice(x))))
            x = normalised(leaky(conv(f"layers.{k - below}.conv_2", x)))
        return conv(f"rgb_converters.{level}", x, padding=0)

    return picture


def save_version_3(path: Path, weights: Weights, use_eql: bool = True) -> None:
    """A dictionary of networks and of the states of their optimizers."""
    depth = len([name for name in weights if name.startswith("rgb_converters.")]) // 2 + 1
    conf = {"depth": depth, "num_channels": 3, "latent_size": LATENT, "use_eql": use_eql}
    other = {name: torch.zeros_like(value) for name, value in weights.items()}
    steps = {n: {"step": torch.tensor(3.0), "exp_avg": torch.ones(4)} for n in range(3)}
    optimizer = {"state": steps, "param_groups": [{"lr": 0.003, "betas": (0, 0.99), "params": [0]}]}
    saved = {
        "generator": {"conf": conf, "state_dict": other},
        "shadow_generator": {"conf": conf, "state_dict": weights},
        "gen_optim": optimizer,
    }
    torch.save(saved, path)


def save_version_2(path: Path, weights: Weights) -> None:
    """A state dictionary of a network that was trained on a GPU, in the format of its time."""
    named = {f"module.{name}": value for name, value in weights.items()}
    torch.save(named, path, _use_new_zipfile_serialization=False)


# ----------------------------------------------------------------------------------------
# pytorch_GAN_zoo: the scale falls on the result, with its bias


def gan_zoo_shapes() -> dict[str, Sequence[int]]:
    """Shapes of a state dictionary."""
    shapes: dict[str, Sequence[int]] = {
        "formatLayer.weight": (16 * MAPS[0], LATENT),
        "formatLayer.bias": (16 * MAPS[0],),
        "groupScale0.0.weight": (MAPS[0], MAPS[0], 3, 3),
        "groupScale0.0.bias": (MAPS[0],),
    }
    for level in range(1, len(MAPS)):
        name = f"scaleLayers.{level - 1}"
        shapes[f"{name}.0.weight"] = (MAPS[level], MAPS[level - 1], 3, 3)
        shapes[f"{name}.1.weight"] = (MAPS[level], MAPS[level], 3, 3)
        shapes |= {f"{name}.{n}.bias": (MAPS[level],) for n in (0, 1)}
    for level, maps in enumerate(MAPS):
        shapes[f"toRGBLayers.{level}.weight"] = (3, maps, 1, 1)
        shapes[f"toRGBLayers.{level}.bias"] = (3,)
    return shapes


def gan_zoo_picture(w: Mapping[str, Tensor], z: Tensor, level: int) -> Tensor:
    """The forward pass."""

    def conv(name: str, x: Tensor, padding: int = 1) -> Tensor:
        weight = w[f"{name}.weight"]
        y = F.conv2d(x, weight, w[f"{name}.bias"], padding=padding)
        return y * math.sqrt(2 / weight[0].numel())

    x = F.linear(normalised(z), w["formatLayer.weight"], w["formatLayer.bias"])
    x = leaky(x * math.sqrt(2 / z.shape[1]))
    x = normalised(x.view(len(z), -1, 4, 4))
    x = normalised(leaky(conv("groupScale0.0", x)))
    for k in range(level):
        x = normalised(leaky(conv(f"scaleLayers.{k}.0", twice(x))))
        x = normalised(leaky(conv(f"scaleLayers.{k}.1", x)))
    return conv(f"toRGBLayers.{level}", x, padding=0)


def gan_zoo_settings(**changes: object) -> dict[str, Any]:
    """The settings of a finished network."""
    usual = {
        "alpha": 0,
        "lossCriterion": "WGANGP",
        "perChannelNormalization": True,
        "leakyReluLeak": 0.2,
        "categoryVectorDim": 0,
        "attribKeysOrder": None,
        "depthOtherScales": [*MAPS[1:]],
        "equalizedlR": True,
        "learningRate": 0.001,
    }
    return usual | changes


def save_gan_zoo(path: Path, weights: Weights, **changes: object) -> None:
    """Networks and an object with the settings, of a class that nobody else has."""
    config_class = type("BaseConfig", (), {"__module__": "models.utils.config"})
    module = ModuleType("models.utils.config")
    vars(module)["BaseConfig"] = config_class
    config = config_class()
    vars(config).update(gan_zoo_settings(**changes))
    other = {name: torch.zeros_like(value) for name, value in weights.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "models.utils.config", module)
        saved = {"config": config, "netG": other, "netD": {}, "avgG": weights}
        torch.save(saved, path, _use_new_zipfile_serialization=False)


# ----------------------------------------------------------------------------------------
# genforce: normalisation before each convolution, a padded 4x4 convolution first


def genforce_shapes(maps: Sequence[int] = MAPS) -> dict[str, Sequence[int]]:
    """Shapes of a state dictionary."""
    shapes: dict[str, Sequence[int]] = {"lod": (), "layer0.weight": (maps[0], LATENT, 4, 4)}
    shapes |= {"layer1.weight": (maps[0], maps[0], 3, 3)}
    for level in range(1, len(maps)):
        shapes[f"layer{2 * level}.weight"] = (maps[level], maps[level - 1], 3, 3)
        shapes[f"layer{2 * level + 1}.weight"] = (maps[level], maps[level], 3, 3)
    for level, count in enumerate(maps):
        shapes |= {f"layer{2 * level + n}.bias": (count,) for n in (0, 1)}
        shapes |= {f"output{level}.weight": (3, count, 1, 1), f"output{level}.bias": (3,)}
    return shapes


def genforce_picture(w: Mapping[str, Tensor], z: Tensor, level: int) -> Tensor:
    """The forward pass."""

    def block(name: str, x: Tensor, padding: int, gain: float = math.sqrt(2)) -> Tensor:
        weight = w[f"{name}.weight"]
        scale = gain / math.sqrt(weight[0].numel())
        return F.conv2d(x, weight * scale, w[f"{name}.bias"], padding=padding)

    x = normalised(normalised(z)[:, :, None, None])
    x = leaky(block("layer0", x, padding=3))
    x = leaky(block("layer1", normalised(x), padding=1))
    for k in range(1, level + 1):
        x = leaky(block(f"layer{2 * k}", twice(normalised(x)), padding=1))
        x = leaky(block(f"layer{2 * k + 1}", normalised(x), padding=1))
    return block(f"output{level}", normalised(x), padding=0, gain=1.0)


def save_genforce(path: Path, weights: Weights) -> None:
    """Two generators and a discriminator."""
    other = {name: torch.zeros_like(value) for name, value in weights.items()}
    networks = {"generator": other, "discriminator": {}, "generator_smooth": weights}
    torch.save(networks, path)


# ----------------------------------------------------------------------------------------


def source_network(kind: str) -> SourceNetwork:
    """A network with random weights: one of `KINDS`."""
    if kind == "dcgan":
        return SourceNetwork("dcgan", dcgan_weights(), dcgan_picture, save_dcgan)
    if kind == "ada":
        return SourceNetwork("stylegan2-ada", ada_weights(), ada_picture, save_ada)
    if kind == "rosinality":
        tool, weights = "stylegan2-rosinality", rosinality_weights()
        return SourceNetwork(tool, weights, rosinality_picture, save_rosinality)
    if kind == "gan-zoo":
        weights = random_weights(gan_zoo_shapes())
        return SourceNetwork("gan-zoo", weights, gan_zoo_picture, save_gan_zoo)
    if kind == "genforce":
        weights = random_weights(genforce_shapes()) | {"lod": torch.zeros(())}
        return SourceNetwork("genforce", weights, genforce_picture, save_genforce)
    first, below = ("layers.0", 0) if kind == "pro-gan-3" else ("initial_block", 1)
    weights = random_weights(pro_gan_shapes(first, below))
    save = save_version_3 if kind == "pro-gan-3" else save_version_2
    return SourceNetwork("pro-gan-pth", weights, pro_gan_picture(first, below), save)


KINDS = ("pro-gan-3", "pro-gan-2", "gan-zoo", "genforce", "dcgan", "rosinality", "ada")
