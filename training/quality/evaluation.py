"""All metrics of two sets of pictures, in order.

Owns the list of metrics, the sample sizes, and the two feature networks. Each metric is in its own
module; none of them knows a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch

from training.data.stream import Prepared
from training.progress_bar import OnProgress, OpenProgress
from training.quality.feature_metrics import measure_features
from training.quality.features import (
    NETWORK,
    Features,
    efficientnet_features,
    input_size_of,
    load_efficientnet,
    weights_path,
)
from training.quality.fid import CUSTOMARY_PICTURES, load_inception, measure_fid
from training.quality.memorization import measure_memorization
from training.quality.networks.efficientnet import EfficientNetLite0
from training.quality.networks.inception import Inception
from training.quality.pictures import PictureSet
from training.quality.report import Metric, metric_entry
from training.quality.ssim import similarity_within
from training.quality.swd import SWD_METHOD, sliced_wasserstein


@dataclass(frozen=True)
class Effort:
    """Sample sizes and options of the measurement.

    Attributes:
        images: pictures of each set for SWD, fewer if the data has fewer; 16,384 in the paper.
        feature_images: number of the first of these, used for all metrics over features. The
            memorisation test also compares likely copies among the training pictures, at most one
            for each picture of both sets.
        pairs: pairs of pictures for MS-SSIM; 10,000 in the paper.
        seed: of every random choice.
        inception: file with the Inception weights of FID; without it FID is not measured.
        parts: read the parts of the pictures, if those of the data are known.
    """

    images: int = 16_384
    feature_images: int = 5_000
    pairs: int = 10_000
    seed: int = 0
    inception: Path | None = None
    parts: bool = True


@dataclass(frozen=True)
class FeatureNetworks:
    """EfficientNet-Lite0, and Inception if its weights were given."""

    efficientnet: EfficientNetLite0
    inception: Inception | None

    @classmethod
    def load(cls, inception: Path | None, device: torch.device) -> Self:
        """Load both with their published weights, on a device.

        Raises:
            WeightsError: weights are not the published ones.
        """
        efficientnet = load_efficientnet(weights_path(), device)
        return cls(efficientnet, load_inception(inception, device) if inception else None)


def measure_pixels(
    real: PictureSet,
    generated: PictureSet,
    scratch: Path,
    effort: Effort,
    open_progress: OpenProgress,
) -> dict[str, Metric]:
    """Measure the metrics that need no feature network: SWD and MS-SSIM.

    Raises:
        OSError: the disk of the folder `scratch` has too little space for the patches of one level.
    """
    with open_progress("sliced Wasserstein distance") as on_progress:
        swd = sliced_wasserstein(real, generated, scratch, effort.seed, on_progress)
    with open_progress("MS-SSIM of generated pictures") as on_progress:
        drawn = similarity_within(generated, effort.pairs, effort.seed, on_progress)
    with open_progress("MS-SSIM of real pictures") as on_progress:
        given = similarity_within(real, effort.pairs, effort.seed, on_progress)
    return {
        "swd": metric_entry(swd.mean, SWD_METHOD, per_level=swd.per_level, images=swd.pictures),
        "ms_ssim": metric_entry(drawn.mean, drawn.how, real_pictures=given.mean, pairs=drawn.pairs),
    }


def measure_by_features(
    sets: tuple[PictureSet, PictureSet],
    prepared: Prepared,
    resolution: int,
    seed: int,
    networks: FeatureNetworks,
    open_progress: OpenProgress,
) -> tuple[dict[str, Metric], bytes]:
    """Measure the metrics over features, including the memorisation test.

    Args:
        sets: real pictures, and as many generated ones.
        prepared: all training pictures.
        resolution: of both sets.
        seed: of the random choices.
        networks: compute the features.
        open_progress: opens the progress bar of each part.

    Returns:
        The metrics, and the sheet of nearest training pictures as PNG.
    """
    real, generated = sets

    def extract(pictures: PictureSet, on_progress: OnProgress) -> Features:
        return efficientnet_features(pictures, networks.efficientnet, on_progress)

    with open_progress(f"features of {len(real):,} real pictures") as on_progress:
        of_real = extract(real, on_progress)
    with open_progress(f"features of {len(generated):,} generated pictures") as on_progress:
        features = of_real, extract(generated, on_progress)
    name = f"{NETWORK} features at {input_size_of(real.shorter)} px"
    with open_progress("KID, Frechet distance, precision and recall") as on_progress:
        metrics = measure_features(features, seed, name, on_progress)
    found = measure_memorization(sets, features, extract, prepared, resolution, name, open_progress)
    metrics["neighbour_ratio"] = found.ratio
    if networks.inception:
        title = f"FID of {len(real):,} pictures ({CUSTOMARY_PICTURES:,} are customary)"
        with open_progress(title) as on_progress:
            metrics["fid"] = measure_fid(real, generated, networks.inception, on_progress)
    return metrics, found.sheet
