"""FID: the Frechet distance over the features of one fixed Inception network (Heusel et al. 2017).

Owns the digest of its weights, its preprocessing (that of the original measurement, not that of
EfficientNet), and the entry of FID in the report.

The user supplies the file with the weights: TensorFlow's of December 2015, ported to PyTorch.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from models.picture import Pixels
from training.progress_bar import OnProgress, ignore_progress
from training.quality.distances import frechet_distance
from training.quality.features import (
    Features,
    extract_features,
    published_weights,
    to_rgb,
)
from training.quality.networks.inception import INCEPTION_FEATURES, Inception
from training.quality.pictures import PictureSet
from training.quality.report import Metric, metric_entry

INCEPTION_FILE = "pt_inception-2015-12-05-6726825d.pth"
INCEPTION_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
INCEPTION_INPUT = 299  # height and width of the network's input in pixels
CUSTOMARY_PICTURES = 50_000  # pictures of each set


def load_inception(path: Path, device: torch.device) -> Inception:
    """Load the network with the published weights, in evaluation mode.

    Raises:
        WeightsError: the file is missing, or has another digest.
    """
    remedy = (
        f"FID is defined by the file {INCEPTION_FILE} (95,628,359 bytes), in the release "
        "fid_weights of github.com/mseitzer/pytorch-fid; without --inception, all but FID is "
        "measured"
    )
    network = Inception()
    network.load_state_dict(published_weights(path, INCEPTION_SHA256, remedy), strict=True)
    return network.eval().requires_grad_(False).to(device)


def to_inception_input(pixels: Pixels, side: int) -> Tensor:
    """Pictures uint8 `[N, H, W, C]` -> `[N, 3, side, side]`, (x - 128) / 128.

    Converted to RGB, rounded to integers as in a file, then resized; as in the original, pictures
    that are not square are resized to a square, which changes their aspect ratio.
    """
    return (resize_as_tensorflow(to_rgb(pixels).round(), side) - 128.0) / 128.0


def resize_as_tensorflow(images: Tensor, side: int) -> Tensor:
    """Images `[N, C, H, W]` -> `[N, C, side, side]`, bilinearly, in the way of TensorFlow 1.

    Output pixel i is sampled at input position i * size / side: no aligned corners, no half-pixel
    centers, and no antialiasing when pictures become smaller.
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


def inception_features(
    pictures: PictureSet, network: Inception, on_progress: OnProgress = ignore_progress
) -> Features:
    """Extract the features of Inception for every picture, `[n, 2048]`."""
    return extract_features(
        pictures,
        network,
        partial(to_inception_input, side=INCEPTION_INPUT),
        INCEPTION_FEATURES,
        on_progress,
    )


def measure_fid(
    real: PictureSet,
    generated: PictureSet,
    network: Inception,
    on_progress: OnProgress = ignore_progress,
) -> Metric:
    """Measure FID of two sets of pictures; lower is better.

    Raises:
        ValueError: fewer than two pictures in a set.
    """
    total = len(real) + len(generated)
    features = (
        inception_features(real, network, lambda done, _: on_progress(done, total)),
        inception_features(
            generated, network, lambda done, _: on_progress(len(real) + done, total)
        ),
    )
    return metric_entry(
        frechet_distance(*features),
        f"FID (Heusel et al. 2017): Frechet distance with the {INCEPTION_FEATURES} features of "
        f"TensorFlow's Inception of 2015-12-05, pictures resized to {INCEPTION_INPUT} px as the "
        f"original does; biased upwards by few pictures, {CUSTOMARY_PICTURES:,} are usual: compare "
        "only FIDs of equally many",
        images=min(len(real), len(generated)),
    )
