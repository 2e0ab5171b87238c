"""FID: the Frechet distance over what one certain network sees (Heusel et al. 2017).

Owns that network's weights, how pictures are made ready for it (as in the original measurement, and
not as EfficientNet sees them), and what the report says of the number.

The weights are a file that the user brings: TensorFlow's of December 2015, ported to PyTorch.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from training.data.manifest import Pixels
from training.quality.distances import frechet_distance
from training.quality.networks.efficientnet import Features, as_colour, look, published_weights
from training.quality.networks.inception import FEATURES, Inception
from training.quality.pictures import PictureSet
from training.quality.report import Metric, metric

WEIGHTS_FILE = "pt_inception-2015-12-05-6726825d.pth"
WEIGHTS_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
SIDE = 299  # pixels that the network is shown, both ways
USUAL = 50_000  # pictures of each set


def load_inception(path: Path, device: torch.device) -> Inception:
    """The network with the published weights, ready to look.

    Raises:
        WeightsError: the file is another one, or not there.
    """
    remedy = (
        f"FID is defined by the file {WEIGHTS_FILE} (95,628,359 bytes), in the release fid_weights "
        "of github.com/mseitzer/pytorch-fid; without --inception, all but FID is measured"
    )
    network = Inception()
    network.load_state_dict(published_weights(path, WEIGHTS_SHA256, remedy), strict=True)
    return network.eval().requires_grad_(False).to(device)


def as_shown(pixels: Pixels, side: int) -> Tensor:
    """Pictures uint8 `[N, H, W, C]` -> `[N, 3, side, side]`, (x - 128) / 128.

    In colour, in whole numbers as in a file, then resized; pictures that are not square are
    squeezed into one, as the original does.
    """
    return (resized(as_colour(pixels).round(), side) - 128.0) / 128.0


def resized(images: Tensor, side: int) -> Tensor:
    """Images `[N, C, H, W]` -> `[N, C, side, side]`, bilinearly, as TensorFlow 1 does it.

    Place i of `side` lies at i * size / side of the old pixels: corners are not aligned, pixels are
    points and not areas, and nothing is averaged where pictures become smaller.
    """
    for dimension in (3, 2):
        size = images.shape[dimension]
        places = torch.arange(side) * torch.tensor(size / side)
        left = places.long()
        share = (places - left).unsqueeze(-1) if dimension == 2 else places - left
        near = images.index_select(dimension, left)
        far = images.index_select(dimension, (left + 1).clamp_max(size - 1))
        images = near + (far - near) * share
    return images


def features_of(pictures: PictureSet, network: Inception) -> Features:
    """What the network sees in every picture, `[n, 2048]`."""
    return look(pictures, network, partial(as_shown, side=SIDE), FEATURES)


def measure_fid(real: PictureSet, generated: PictureSet, network: Inception) -> Metric:
    """FID of two sets of pictures, lower is better.

    Raises:
        ValueError: fewer than two pictures in a set.
    """
    return metric(
        frechet_distance(features_of(real, network), features_of(generated, network)),
        f"FID (Heusel et al. 2017): Frechet distance with the {FEATURES} features of TensorFlow's "
        f"Inception of 2015-12-05, pictures resized to {SIDE} px as the original does; biased "
        f"upwards by few pictures, {USUAL:,} are usual: compare only FIDs of equally many",
        images=min(len(real), len(generated)),
    )
