"""The peer: pro-gan-pth 3.4, whose own code runs the step that ours is compared with.

Owns its installation into a separate folder, its adaptation to the installed torch, and its
networks. Its source is neither edited nor copied: it is patched at run time, see `MENDS`.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import partial, partialmethod
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock, patch

import torch
from torch import Tensor, nn
from torch.optim import Adam

from bench.learning.settings import PEER_LEARNING_RATE, peer_parameters
from models.families.progan.config import ProganConfig
from models.resolution import BASE_RESOLUTION

REQUIREMENT = "pro-gan-pth==3.4"
PACKAGE = "pro_gan_pytorch"
MENDS = (
    "installed without the versions it pins (torch 1.10, numpy 1.21): it gets those that are here",
    "torchvision and torch.utils.tensorboard are stand-ins while it is imported: no step uses them",
    "_output_padding of its transposed convolution gets the num_spatial_dims=2 that torch asks for",
    "nf, its rule for feature maps, gets our fmap_base and fmap_max: its networks take no width",
    "its depth is the logarithm of the resolution to base 2",
    "beta1 of Adam is 0.0, where its own loop writes 0, which torch refuses by now",
)
STAND_INS = (
    "torchvision",
    "torchvision.transforms",
    "torchvision.utils",
    "torch.utils.tensorboard",
)
PADDING = "_output_padding"
ADAM: dict[str, Any] = {"lr": PEER_LEARNING_RATE, "betas": (0.0, 0.99), "eps": 1e-8}

CPU = torch.device("cpu")

Step = Callable[[Tensor], object]


def install(folder: Path) -> Path:
    """Return the folder of the peer; install it there if that was not done.

    Raises:
        subprocess.CalledProcessError: pip failed.
    """
    if not is_installed(folder):
        print(f"installing {REQUIREMENT} into {folder}", file=sys.stderr)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command = [*pip, "--no-deps", "--upgrade", "--target", str(folder), REQUIREMENT]
        subprocess.run(command, check=True)
    return folder


def is_installed(folder: Path) -> bool:
    """True if `install` has put the peer into `folder`."""
    name, _, version = REQUIREMENT.partition("==")
    return (folder / f"{name.replace('-', '_')}-{version}.dist-info").exists()


@dataclass(frozen=True)
class Code:
    """Modules of the peer that its step uses."""

    gan: ModuleType
    networks: ModuleType
    losses: ModuleType
    layers: ModuleType


def load(folder: Path) -> Code:
    """Import the peer from `folder` and patch it for the installed torch; once in a process."""
    sys.path.insert(0, str(folder))
    try:
        with standing_in(STAND_INS):
            names = ("gan", "networks", "losses", "custom_layers")
            code = Code(*(importlib.import_module(f"{PACKAGE}.{name}") for name in names))
    finally:
        sys.path.remove(str(folder))
    layer = code.layers.EqualizedConvTranspose2d
    setattr(layer, PADDING, partialmethod(getattr(layer, PADDING), num_spatial_dims=2))
    return code


@contextmanager
def standing_in(names: tuple[str, ...]) -> Generator[None]:
    """Provide stand-ins for modules not yet imported; they are removed afterwards."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update({name: MagicMock(name=name) for name in absent})
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def networks_of(code: Code, network: ProganConfig) -> tuple[nn.Module, nn.Module]:
    """Create its generator and discriminator in the shape of ours.

    Raises:
        ValueError: their shape differs from ours.
    """
    depth = network.top_level + BASE_RESOLUTION.bit_length() - 1
    width = partial(code.networks.nf, fmap_base=network.fmap_base, fmap_max=network.fmap_max)
    with patch.object(code.networks, "nf", width):
        shape = (depth, network.channels, network.latent_size)
        pair = code.networks.Generator(*shape), code.networks.Discriminator(*shape)
    counts = tuple(sum(p.numel() for p in each.parameters()) for each in pair)
    if counts != peer_parameters(network):
        raise ValueError(f"the peer has {counts} weights, not {peer_parameters(network)}")
    return pair


def step_of(code: Code, network: ProganConfig, device: torch.device = CPU) -> Step:
    """Return one step of the peer at full size, on real images `[N, C, R, R]` in [-1, 1].

    The images are on `device`, as are the networks.

    The order is that of the loop in its `ProGAN.train`: discriminator, average, generator, all with
    the same noise. Its documentation allows a custom loop around these three.
    """
    with redirect_stdout(None):  # it prints both networks
        game = code.gan.ProGAN(*networks_of(code, network), device=device)
    loss = code.losses.WganGP()
    adam = [Adam(params=each.parameters(), **ADAM) for each in (game.gen, game.dis)]

    def step(reals: Tensor) -> None:
        noise = torch.randn(len(reals), network.latent_size, device=device)
        game.optimize_discriminator(loss, adam[1], noise, reals, game.depth, 1.0)
        code.layers.update_average(game.gen_shadow, game.gen, beta=game.ema_beta)
        game.optimize_generator(loss, adam[0], noise, reals, game.depth, 1.0)

    return step
