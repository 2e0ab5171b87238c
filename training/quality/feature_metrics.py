"""How like real pictures generated ones are, to one network: what the report says of features.

Owns the metrics over the features of EfficientNet-Lite0, each with how it was measured. Computes no
distance itself and shows no picture to the network.
"""

from __future__ import annotations

from training.quality.candidates import COARSE_SEARCH_METHOD
from training.quality.distances import (
    NEIGHBOURS,
    frechet_distance,
    kernel_distance,
    precision_and_recall,
)
from training.quality.neighbours import Neighbours
from training.quality.networks.efficientnet import NETWORK, Features
from training.quality.report import Metric, metric_entry


def measure_features(
    features: tuple[Features, Features], seed: int, features_name: str
) -> dict[str, Metric]:
    """KID, Frechet distance, precision and recall over features of real and generated pictures.

    Args:
        seen: which features these are, in words.
    """
    real, generated = features
    images = len(real)
    kid = kernel_distance(real, generated, seed)
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


def measure_neighbour_ratio(
    found: Neighbours, searched: int, compared: int, features_name: str
) -> Metric:
    """How much nearer generated pictures are to training pictures than those to each other.

    Args:
        searched: all training pictures, from which candidates were chosen.
        looked_at: those whose features were compared.
        seen: which features the distances are taken of, in words.
    """
    return metric_entry(
        found.ratio,
        f"median distance to the nearest of {searched:,} training pictures, over that from a "
        f"training picture to its nearest other, not equal one; all {searched:,} searched "
        f"{COARSE_SEARCH_METHOD}, and {compared:,} compared: the best of each, and as many at "
        f"random; {features_name}; near 0 for copies; low: the 1st percentile in place of "
        "the first median, near 0 where one in a hundred is a copy; low_of_real: the same of "
        "training pictures, which is usual",
        low=found.low,
        low_of_real=found.low_of_real,
        searched=searched,
        of=searched,
        looked_at=compared,
    )
