"""Metrics over features of real and generated pictures, as entries of the report.

Owns the entries of KID, Frechet distance, precision and recall over features of EfficientNet-Lite0,
each with a description of the measurement. Computes no distance itself and extracts no feature.
"""

from __future__ import annotations

from training.progress_bar import OnProgress, ignore_progress
from training.quality.distances import (
    NEIGHBOURS,
    frechet_distance,
    kernel_distance,
    precision_and_recall,
)
from training.quality.features import NETWORK, Features
from training.quality.report import Metric, metric_entry


def measure_features(
    features: tuple[Features, Features],
    seed: int,
    features_name: str,
    on_progress: OnProgress = ignore_progress,
) -> dict[str, Metric]:
    """Measure KID, Frechet distance, precision and recall of real and generated pictures.

    Args:
        features: of real and of generated pictures, `[n, D]`.
        seed: of the random subsets.
        features_name: description of the features, for the report.
        on_progress: called with the number of subsets done and the total.
    """
    real, generated = features
    images = len(real)
    kid = kernel_distance(real, generated, seed, on_progress)
    coverage = precision_and_recall(real, generated)
    manifold = (
        f"improved precision and recall (Kynkaanniemi et al. 2019), k = {NEIGHBOURS}; "
        f"{features_name}"
    )
    return {
        "kid": metric_entry(
            kid.mean,
            f"KID with {features_name}: unbiased squared MMD, kernel (x.y / 1280 + 1)^3, mean over "
            f"{kid.subsets} subsets of {kid.subset_size:,}; not comparable to Inception's",
            deviation=kid.deviation,
            images=images,
        ),
        "fd_efficientnet_lite0": metric_entry(
            frechet_distance(real, generated),
            f"FD ({NETWORK}): Frechet distance with {features_name}; no FID; biased upwards by few "
            "pictures",
            images=images,
        ),
        "precision": metric_entry(coverage.precision, manifold, images=images),
        "recall": metric_entry(coverage.recall, manifold, images=images),
    }
